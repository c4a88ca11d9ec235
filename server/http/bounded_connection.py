"""A client's connection, which holds a bounded amount of memory for a bounded time.

uvicorn leaves these open: how large a request's head may grow before it ends, how long it may take,
how many requests may wait behind one, how long a client may leave answers unread, and how many
connections there are. `close_late` is to be called about once a second.
"""

from asyncio import BaseTransport, Transport
from collections import deque
from collections.abc import Iterable
from typing import Any, cast

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server.settings import Settings

_MAX_PIPELINED = 100
_PART_TO_CLOSE = 10
"""Of as many connections that wait for their clients, one goes where there are too many."""


class BoundedConnection(HttpToolsProtocol):
    """A connection over which requests come and answers go."""

    def __init__(
        self,
        settings: Settings,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: Any = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._settings = settings
        self._max_head_bytes = settings.max_header_bytes + settings.max_url_bytes
        self._max_message_bytes = self._max_head_bytes + 2 * settings.max_body_bytes
        self._is_in_head = True
        self._message_bytes = 0
        """Of the request that is coming in, but for the piece that it began in."""
        self._waits_since = self.loop.time()
        """When the last answer was given, or the connection opened."""
        self._stalls_since: float | None = None
        """When the client left more unread than is sent ahead."""

    def connection_made(self, transport: BaseTransport) -> None:
        """Take a connection; where there are too many, close those that have waited longest."""
        super().connection_made(cast("Transport", transport))
        # a client that says nothing is waited for as long as between requests
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )
        if len(self.connections) > self._settings.max_connections:
            _close_longest_waiting(_bounded(self.connections))

    def data_received(self, data: bytes) -> None:
        """Read a piece of requests."""
        self._message_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._message_bytes > self._max_head_bytes:
            if not self.transport.is_closing():
                self.send_400_response("Invalid HTTP request received.")
        elif self._message_bytes > self._max_message_bytes:
            self.transport.abort()  # chunks and trailers without an end

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._is_in_head = True
        self._message_bytes = 0

    def on_headers_complete(self) -> None:
        """Begin to answer a request. Raises `ValueError` where too many wait for their turn."""
        super().on_headers_complete()
        self._is_in_head = False
        if self.parser.should_upgrade() and self._should_upgrade():
            return  # what is left of it is read by the WebSocket's protocol
        # what comes behind the body is no header (RFC 9110, section 6.5.1): none is kept
        self.headers = cast("list[tuple[bytes, bytes]]", deque(maxlen=0))
        if len(self.pipeline) > _MAX_PIPELINED:
            raise ValueError("too many requests at once")

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._waits_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Wait until the client has read what was sent."""
        self._stalls_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on sending."""
        self._stalls_since = None
        super().resume_writing()

    @property
    def waits_since(self) -> float | None:
        """When the server began to wait for a request; None while it answers one."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return self._waits_since if cycle is None or cycle.response_complete else None

    def is_late(self, now: float) -> bool:
        """Tell whether the client takes too long to send a request or to read an answer."""
        stalls, waits = self._stalls_since, self.waits_since
        if stalls is not None and now - stalls > self._settings.send_timeout_seconds:
            return True
        return waits is not None and now - waits > self._settings.head_timeout_seconds


def close_late(connections: Iterable[object], now: float) -> None:
    """Close the connections whose clients take too long; `now` is by the loop's clock."""
    for connection in _bounded(connections):
        if connection.is_late(now):
            connection.transport.abort()


def _close_longest_waiting(connections: Iterable[BoundedConnection]) -> None:
    waiting = [(each.waits_since, each) for each in connections]
    idle = sorted((since, id(each), each) for since, each in waiting if since is not None)
    for _, _, connection in idle[: len(idle) // _PART_TO_CLOSE + 1]:
        connection.transport.abort()


def _bounded(connections: Iterable[object]) -> list[BoundedConnection]:
    return [each for each in connections if isinstance(each, BoundedConnection)]
