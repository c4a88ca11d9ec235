"""The ports of the server: that of the API, and that of the metrics where they have their own.

One process listens on them by itself. Of several, each listens with sockets of its own and the
system deals the connections out (SO_REUSEPORT). On one shared socket whoever wakes first takes all
that wait: of sixteen connections to three processes, twelve went to one.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from server.operator_error import OperatorError
from server.settings import Settings

_BACKLOG = 2048


@contextmanager
def take_ports(settings: Settings) -> Iterator[list[socket.socket]]:
    """Take the ports before anything else is done: listening, or bound for workers to listen on.

    The first is the API's. Raises `OperatorError` if one cannot be had.
    """
    if settings.metrics_port == settings.port:
        raise OperatorError("SESSIONGRAPH_METRICS_PORT must be another than that of the API.")
    with ExitStack() as stack:
        advice = "SESSIONGRAPH_PORT or `serve --port`"
        taken = [_take(settings.host, settings.port, settings.workers, advice)]
        stack.enter_context(taken[0])
        if settings.metrics_port is not None:
            host, port, advice = (
                settings.metrics_host,
                settings.metrics_port,
                "SESSIONGRAPH_METRICS_PORT",
            )
            taken.append(stack.enter_context(_take(host, port, settings.workers, advice)))
        yield taken


def _take(host: str, port: int, workers: int, advice: str) -> socket.socket:
    taken = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        _prepare(taken)
        taken.bind((host, port))
        if workers == 1:
            taken.listen(_BACKLOG)
        else:
            # only now: a port that others share already must not be had
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except OSError as error:
        taken.close()
        number = error.errno or 0  # below 0 for a name that is not found
        why = os.strerror(number) if number > 0 else "the name is not found"
        raise OperatorError(
            f"Cannot listen on {host}:{port} ({why}). Choose another with {advice}."
        ) from error
    return taken


@contextmanager
def listen_beside_others(settings: Settings) -> Iterator[list[socket.socket]]:
    """Listen on the ports that the parent of this process took."""
    addresses = [(settings.host, settings.port)]
    if settings.metrics_port is not None:
        addresses.append((settings.metrics_host, settings.metrics_port))
    with ExitStack() as stack:
        listeners = []
        for host, port in addresses:
            listener = stack.enter_context(socket.socket(_family(host), socket.SOCK_STREAM))
            _prepare(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((host, port))
            listener.listen(_BACKLOG)
            listeners.append(listener)
        yield listeners


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _prepare(made: socket.socket) -> None:
    if os.name == "posix":  # elsewhere it would take the port from another
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
