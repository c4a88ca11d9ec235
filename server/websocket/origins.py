"""Which pages may open a WebSocket.

Browsers let any page open one to any server, and send the page's origin with it (RFC 6455, section
10.2); CORS has no say. Other clients send none.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from server.http.request_record import Headers


def is_allowed_origin(headers: Headers, scheme: str, allowed: Sequence[str]) -> bool:
    """Tell whether a handshake comes from a page of this server, or of an allowed origin."""
    sent = headers.get(b"origin")
    if sent is None:
        return True
    origin = sent.decode("latin-1").lower()
    if origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    # behind a proxy that ends TLS the page is https and this scheme is ws
    schemes = {"https"} if scheme == "wss" else {"http", "https"}
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return parts.scheme in schemes and bool(host) and origin == f"{parts.scheme}://{host}"
