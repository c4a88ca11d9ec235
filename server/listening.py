"""The port of the server.

One process listens on it by itself. Of several, each listens with a socket of its own and the
system deals the connections out (SO_REUSEPORT). On one shared socket whoever wakes first takes all
that wait: of sixteen connections to three processes, twelve went to one.
"""

import os
import socket

from server.operator_error import OperatorError
from server.settings import Settings

_BACKLOG = 2048


def take_port(settings: Settings) -> socket.socket:
    """Take the port before anything else is done: listening, or bound for workers to listen on.

    Raises `OperatorError` if it cannot be had.
    """
    taken = socket.socket(_family(settings.host), socket.SOCK_STREAM)
    try:
        _prepare(taken)
        taken.bind((settings.host, settings.port))
        if settings.workers == 1:
            taken.listen(_BACKLOG)
        else:
            # only now: a port that others share already must not be had
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        taken.close()
        number = error.errno or 0  # below 0 for a name that is not found
        why = os.strerror(number) if number > 0 else "the name is not found"
        raise OperatorError(
            f"Cannot listen on {settings.host}:{settings.port} ({why}). "
            "Choose another with --port or SESSIONGRAPH_PORT."
        ) from error
    return taken


def listen_beside_others(settings: Settings) -> socket.socket:
    """Listen on the port that the parent of this process took."""
    listener = socket.socket(_family(settings.host), socket.SOCK_STREAM)
    _prepare(listener)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((settings.host, settings.port))
    listener.listen(_BACKLOG)
    return listener


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _prepare(made: socket.socket) -> None:
    if os.name == "posix":  # elsewhere it would take the port from another
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
