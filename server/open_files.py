"""How many files and connections the system lets this process have open."""

import sys

_BESIDE_CONNECTIONS = 200
"""The database's connections, logs, libraries, and what is being opened."""


def allow_connections(wanted: int) -> int:
    """Have the system allow as many connections of clients, and give how many it does allow."""
    if sys.platform == "win32":
        return wanted
    from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit  # noqa: PLC0415

    soft, hard = getrlimit(RLIMIT_NOFILE)
    needed = wanted + _BESIDE_CONNECTIONS
    if soft != RLIM_INFINITY and soft < needed:
        soft = needed if hard == RLIM_INFINITY else min(needed, hard)
        setrlimit(RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == RLIM_INFINITY else max(1, min(wanted, soft - _BESIDE_CONNECTIONS))
