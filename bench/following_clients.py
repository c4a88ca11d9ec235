"""Subscribers that take little of the processor: WebSockets of our own, in one process.

They read frames as a server sends them, unmasked and whole, and note when which message arrived.
"""

import asyncio
import json
import re
from collections.abc import Set
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter
from urllib.parse import urlsplit

Arrivals = list[tuple[int, float]]
"""The numbers of messages whose events have arrived, and when."""

_FOLLOW = """subscription ($s: ID!) { sessionEvents(session: $s, after: 0) {
  sequence eventType subject { ... on Message { content } } } }"""
_HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_CONTENT = re.compile(rb'"content":"(\d+)"')
_ONE_BYTE, _TWO_BYTES = 126, 127
_CONNECTING_AT_ONCE = 20


@dataclass(frozen=True)
class RemoteSubscribers:
    """Subscribers in another process."""

    pipe: Connection

    def wait_until_ready(self) -> None:
        """Wait until each has seen what was there."""
        self.pipe.recv()

    def arrivals(self, numbers: Set[int] = frozenset(), wanted: int = 0) -> Arrivals:
        """Give what has arrived; wait for so many events of some messages, a minute at most."""
        self.pipe.send((numbers, wanted))
        arrived: Arrivals = self.pipe.recv()
        return arrived


def serve_subscribers(address: str, sessions: list[str], pipe: Connection) -> None:
    """Be a subscriber of each session, until the process is ended."""
    asyncio.run(_subscribe(address, sessions, pipe))


async def _subscribe(address: str, sessions: list[str], pipe: Connection) -> None:
    url = urlsplit(address)
    arrivals: Arrivals = []
    slots = asyncio.Semaphore(_CONNECTING_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def connect(session: str) -> None:
        async with slots:
            subscriber = _Subscriber(session, arrivals)
            await loop.create_connection(lambda: subscriber, str(url.hostname), url.port or 80)
            await subscriber.has_begun.wait()

    await asyncio.gather(*[connect(session) for session in sessions])
    seen = -1
    while seen != len(arrivals):  # what was recorded before
        seen = len(arrivals)
        await asyncio.sleep(1)
    arrivals.clear()
    pipe.send(arrivals)
    while True:
        numbers, wanted = await asyncio.to_thread(pipe.recv)
        for _ in range(600):
            if sum(number in numbers for number, _ in arrivals) >= wanted:
                break
            await asyncio.sleep(0.1)
        pipe.send(arrivals)


class _Subscriber(asyncio.Protocol):
    def __init__(self, session: str, arrivals: Arrivals) -> None:
        self._session = session
        self._arrivals = arrivals
        self._received = b""
        self._is_open = False
        self.has_begun = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        transport.write(_HANDSHAKE.format(host=f"{host}:{port}").encode())

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        self._received += data
        if not self._is_open:
            head, ended, rest = self._received.partition(b"\r\n\r\n")
            if not ended:
                return
            assert b" 101 " in head, head
            self._is_open, self._received = True, rest
            self._send({"type": "connection_init"})
            payload = {"query": _FOLLOW, "variables": {"s": self._session}}
            self._send({"type": "subscribe", "id": "1", "payload": payload})
        while (frame := self._frame()) is not None:
            opcode, content = frame
            if opcode == 9:  # noqa: PLR2004  a ping, by RFC 6455
                self._send_frame(10, content)
            elif b'"type":"next"' in content:
                self.has_begun.set()
                if found := _CONTENT.search(content):
                    self._arrivals.append((int(found[1]), now))
            else:
                assert b"connection_ack" in content, content

    def _frame(self) -> tuple[int, bytes] | None:
        received = self._received
        start = 2
        if len(received) < start:
            return None
        length = received[1]
        if length >= _ONE_BYTE:
            start += 2 if length < _TWO_BYTES else 8
            length = int.from_bytes(received[2:start], "big")
        if len(received) < start + length:
            return None
        self._received = received[start + length :]
        return received[0] & 15, received[start : start + length]

    def _send(self, message: object) -> None:
        self._send_frame(1, json.dumps(message).encode())

    def _send_frame(self, opcode: int, content: bytes) -> None:
        short = len(content) < _ONE_BYTE
        length = (
            bytes([128 | len(content)]) if short else b"\xfe%b" % len(content).to_bytes(2, "big")
        )
        # masked by zeros, which leaves it as it is
        self._transport.write(bytes([128 | opcode]) + length + bytes(4) + content)
