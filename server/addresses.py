"""What the address of something says of who can reach it, or come between."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def write_host(host: str) -> str:
    """Write a host as it stands in a URL and in the header Host, an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def write_url(host: str, port: int, *, speaks_tls: bool) -> str:
    """Write the URL at which this machine reaches a server that listens on a host and port.

    One that listens on all addresses has no name of its own; loopback is among them.
    """
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared only
    return f"{'https' if speaks_tls else 'http'}://{write_host(reached)}:{port}"


def is_safe_url(url: str) -> bool:
    """Whether nobody on the way can change what a URL gives: it is HTTPS, or of this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )
