"""A WebSocket (ASGI): texts in and out, one at a time."""

from asyncio import Lock
from contextlib import suppress

from starlette.types import Receive, Send

from server.websocket.messages import CloseCode, CloseSocket


class SocketGone(Exception):
    """The socket was closed, by either side."""


class Socket:
    """An accepted socket."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.turn = Lock()
        """Held while a text is sent: only one waits for the client to read, and others for it."""
        self.close_code: int | None = None
        """The code that it was closed with, by whichever side was first."""
        self._receive = receive
        self._send = send
        self._is_closed = False

    async def receive(self) -> str:
        """Wait for a text. Raises `SocketGone`, and `CloseSocket` for a binary message."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._is_closed = True
            if self.close_code is None:
                self.close_code = message.get("code")
        if self._is_closed:  # what was read before that is not looked at
            raise SocketGone
        text: str | None = message.get("text")
        if text is None:
            raise CloseSocket(CloseCode.BAD_REQUEST, "A message must be text, not binary.")
        return text

    async def send(self, message: bytes) -> None:
        """Send a text. Raises `SocketGone`."""
        async with self.turn:
            await self.send_in_turn(message)

    async def send_in_turn(self, message: bytes) -> None:
        """Send a text while `turn` is held, and not to be cancelled. Raises `SocketGone`."""
        if self._is_closed:
            raise SocketGone
        try:
            await self._send({"type": "websocket.send", "text": message.decode()})
        except OSError as error:
            self._is_closed = True
            raise SocketGone from error

    async def close(self, code: CloseCode, reason: str) -> None:
        """Close it, unless it is closed. It takes no turn, since it ends what is being sent."""
        if self._is_closed:
            return
        self._is_closed, self.close_code = True, int(code)
        with suppress(OSError):
            await self._send({"type": "websocket.close", "code": code, "reason": reason})
