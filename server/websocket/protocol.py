"""uvicorn's WebSocket protocol, and what a client that does not read can make of it.

Long texts go in fragments, each of which waits until the one before it has left, as pieces of
large answers do over HTTP; pings and pongs go between them. A client that reads none of it for too
long is closed with 1013, and cut off when it does not read that either. uvicorn alone would keep
what such a client has not read for as long as its machine answers.
"""

from http import HTTPStatus
from typing import Any

from uvicorn import Config
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState
from websockets.frames import Frame
from websockets.http11 import Response
from websockets.server import ServerProtocol

from server.http.responses import PIECE_BYTES
from server.settings import Settings
from server.time_limit import TimeIsUp, TimeLimit
from server.websocket.messages import CloseCode

CLOSE_SECONDS = 5.0
"""How long a client may take to answer that the socket is closed, and to read what was sent."""
_MAX_FRAGMENTS = 10_000
"""Of one message: empty ones cost memory and no size."""
_NO_HANDSHAKE = "Invalid HTTP request received."
"""As uvicorn answers what is no HTTP."""


class _Handshake(ServerProtocol):
    def reject(self, status: HTTPStatus | int, text: str) -> Response:
        """Refuse a handshake, in words that neither echo it nor name a library."""
        del text
        known = HTTPStatus(status)
        told = _NO_HANDSHAKE if known is HTTPStatus.BAD_REQUEST else known.phrase
        return super().reject(status, told)


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A connection that a WebSocket is spoken on."""

    def __init__(
        self,
        settings: Settings,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: Any = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = _Handshake(max_size=config.ws_max_size, logger=self.logger)
        self._send_limit = TimeLimit(settings.send_timeout_seconds)
        self._unsent_pong = b""

    def data_received(self, data: bytes) -> None:
        """Hang up on a handshake that is none, once it was answered."""
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_cont(self, event: Frame) -> None:
        """Refuse endless fragments."""
        if len(self.frames) < _MAX_FRAGMENTS:
            super().handle_cont(event)
        else:
            self.conn.fail(1009, "too many fragments")
            self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answer the last ping alone where they come faster than the answers are read."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self._unsent_pong = b"".join(self.conn.data_to_send())

    def resume_writing(self) -> None:
        """Go on with what waits."""
        pong, self._unsent_pong = self._unsent_pong, b""
        if pong and not self.transport.is_closing():
            self.transport.write(pong)
        super().resume_writing()

    async def send(self, message: ASGISendEvent) -> None:
        """Take a message of the application."""
        if message["type"] == "websocket.send" and self.handshake_complete:
            await self._send_text((message.get("text") or "").encode())
            return
        if message["type"] == "websocket.close":
            self.writable.set()  # the last word does not wait for those before it
        await super().send(message)
        if self.close_sent:
            self.handshake_complete = (
                True  # by a refusal too, of which uvicorn's send leaves it out
            )
            self._abort_later()

    def handle_close(self, event: Frame) -> None:
        """Let the client read what was sent, for a while."""
        super().handle_close(event)
        self._abort_later()

    def keepalive_timeout(self) -> None:
        """Close a client that answers no ping, and cut it off."""
        if not self.close_sent and not self.transport.is_closing():
            # uvicorn's code says that the server is at fault, and clients do not come again
            self.conn.fail(CloseCode.TRY_AGAIN_LATER, "No answer to a ping; connect again")
        super().keepalive_timeout()
        self._abort_later()

    def shutdown(self) -> None:
        """Leave it to the application to close the socket, which was told too."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()
            self._abort_later()

    async def run_asgi(self) -> None:
        """Run the application, and cut off the client when it is done."""
        await super().run_asgi()
        self._abort_later()

    async def _send_text(self, text: bytes) -> None:
        for start in range(0, len(text) or 1, PIECE_BYTES):
            if not self.writable.is_set():
                await self._wait_for_client()
            if self.disconnected or self.close_sent:
                raise ClientDisconnected
            piece = text[start : start + PIECE_BYTES]
            is_last = start + PIECE_BYTES >= len(text)
            try:
                (self.conn.send_continuation if start else self.conn.send_text)(piece, is_last)
            except InvalidState:
                raise ClientDisconnected from None
            self.transport.write(b"".join(self.conn.data_to_send()))

    async def _wait_for_client(self) -> None:
        try:
            await self._send_limit.run(self.writable.wait())
        except TimeIsUp:
            code, reason = CloseCode.TRY_AGAIN_LATER, "Read faster; connect again and resume"
            await self.send({"type": "websocket.close", "code": code, "reason": reason})
            raise ClientDisconnected from None

    def _abort_later(self) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
            self.close_timer = None
        if not self.disconnected:
            self.close_timer = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)
