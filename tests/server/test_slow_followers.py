"""Many follow a session, and half of them do not read: what it costs, and how they go on.

`make test-followers` has a thousand of them. A client that does not read gets a connection with
small buffers, so that what it leaves unread stays with the server.
"""

import asyncio
import os
import socket
from abc import ABC, abstractmethod
from asyncio import (
    Event,
    IncompleteReadError,
    StreamReader,
    StreamWriter,
    TaskGroup,
    gather,
    get_running_loop,
    sleep,
    timeout,
)
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from time import monotonic

import httpx2
import orjson
import psutil
import pytest
from sqlalchemy.engine import URL
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.open_files import allow_connections
from server.websocket.messages import CloseCode
from tests.chaos.killable_postgres import find_free_port
from tests.chaos.report import tell
from tests.chaos.restarted_server import RestartedServer, server_environment
from tests.graphql_client import GraphQLClient
from tests.live_server import GraphQLSocket
from tests.sent_events import read_events
from tests.waiting import until

FOLLOWERS = int(os.environ.get("SESSIONGRAPH_TEST_FOLLOWERS", "100"))
MESSAGES = 20
CONTENT = "x" * 50_000
IN_TIME_SECONDS = 60 + FOLLOWERS / 2
MEGABYTE = 2**20
SMALL_BUFFERS = [
    (socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096),
    # by which the system reckons how much to send ahead
    (socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536),
]
DOCUMENT = """
    subscription ($after: BigInt!) { sessionEvents(session: "s", after: $after) {
        sequence subject { ... on Message { content } } } }"""
SMALL_DOCUMENT = DOCUMENT.replace("content", "sequence")


@dataclass
class Memory:
    """Of a server process, in bytes."""

    process: psutil.Process
    most: int = 0

    def now(self) -> int:
        return self.process.memory_info().rss

    async def watch(self) -> None:
        while True:
            self.most = max(self.most, self.now())
            await sleep(0.02)

    def connections(self, port: int) -> int:
        """Count the clients that the process has."""
        return sum(
            each.laddr.port == port and each.status == psutil.CONN_ESTABLISHED
            for each in self.process.net_connections("tcp")
        )


@dataclass
class Follower(ABC):
    """A client that reads, or does not."""

    address: str
    is_reading: bool
    sequences: list[int] = field(default_factory=list)
    begun: Event = field(default_factory=Event)
    has_all: Event = field(default_factory=Event)
    goes_on: Event = field(default_factory=Event)
    """Set when a client that does not read reads after all."""
    close_code: int | None = None

    @property
    def body(self) -> dict[str, object]:
        after = self.sequences[-1] if self.sequences else 0
        document = SMALL_DOCUMENT if self.is_reading else DOCUMENT
        return {"query": document, "variables": {"after": after}}

    async def follow(self) -> None:
        """Follow until there is no more to come, over as many connections as it takes."""
        while not self.has_all.is_set():
            async with aclosing(self.events()) as events:
                async for sequence in events:
                    self.sequences.append(sequence)
                    self.begun.set()
                    if len(self.sequences) > MESSAGES:
                        self.has_all.set()
                        break
                else:
                    assert not self.is_reading, "cut off"
                    self.is_reading = True

    @abstractmethod
    def events(self) -> AsyncGenerator[int, None]:
        """Give the sequences of events that come over one connection."""

    async def connect(self, raw: socket.socket) -> None:
        """Connect a socket."""
        host, _, port = self.address.removeprefix("http://").partition(":")
        await get_running_loop().sock_connect(raw, (host, int(port)))

    def socket(self) -> socket.socket:
        """Make a socket."""
        raw = socket.socket()
        raw.setblocking(False)
        for option in () if self.is_reading else SMALL_BUFFERS:
            raw.setsockopt(*option)
        return raw


class WebSocketFollower(Follower):
    async def events(self) -> AsyncGenerator[int, None]:
        with self.socket() as raw:
            await self.connect(raw)
            async with connect(
                f"ws{self.address.removeprefix('http')}/graphql",
                sock=raw,
                subprotocols=[Subprotocol("graphql-transport-ws")],
                compression=None,
                max_size=None,
                proxy=None,
                ping_interval=None,
            ) as opened:
                client = GraphQLSocket(opened)
                await client.send(type="connection_init")
                await client.receive()
                await client.send(type="subscribe", id="1", payload=self.body)
                try:
                    while True:
                        yield (await client.next())["sessionEvents"]["sequence"]
                        if not self.is_reading and not self.goes_on.is_set():
                            opened.transport.pause_reading()
                            await self.goes_on.wait()
                            opened.transport.resume_reading()
                except ConnectionClosed:
                    self.close_code = opened.close_code


class EventStreamFollower(Follower):
    async def events(self) -> AsyncGenerator[int, None]:
        body = orjson.dumps(self.body)
        head = f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
        kinds = "Content-Type: application/json\r\nAccept: text/event-stream\r\n\r\n"
        with self.socket() as raw:
            reader, writer = await self._open(raw)
            try:
                writer.write((head + kinds).encode() + body)
                await reader.readuntil(b"\r\n\r\n")
                async for name, answer in read_events(_chunks(reader)):
                    if name == "next":
                        yield answer["data"]["sessionEvents"]["sequence"]
                        if not self.is_reading:
                            await self.goes_on.wait()
            except (IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.transport.abort()
                with suppress(ConnectionError):
                    await writer.wait_closed()

    async def _open(self, raw: socket.socket) -> tuple[StreamReader, StreamWriter]:
        await self.connect(raw)
        return await asyncio.open_connection(sock=raw, limit=4_096)


async def _chunks(reader: StreamReader) -> AsyncIterator[bytes]:
    while size := int(await reader.readline(), 16):
        yield await reader.readexactly(size)
        await reader.readexactly(2)


@pytest.fixture
async def server(database_url: URL) -> AsyncIterator[RestartedServer]:
    allow_connections(2 * FOLLOWERS)
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    settings = {
        "SESSIONGRAPH_SEND_TIMEOUT_SECONDS": "2",
        "SESSIONGRAPH_KEEPALIVE_SECONDS": "600",  # a ping that is not answered ends them too
        "SESSIONGRAPH_LOG_LEVEL": "INFO",
    }
    made = RestartedServer({**server_environment(url), **settings}, find_free_port())
    await made.start()
    yield made
    await made.drain()
    assert made.faults() == []


@pytest.fixture
async def graphql(server: RestartedServer) -> AsyncIterator[GraphQLClient]:
    async with httpx2.AsyncClient(base_url=server.address, timeout=IN_TIME_SECONDS) as http:
        made = GraphQLClient(http)
        await made.record("createSession", "replayed", sessionId="s")
        yield made


async def _write(graphql: GraphQLClient) -> None:
    for _ in range(MESSAGES):
        await graphql.record("recordMessage", "replayed", session="s", role="USER", content=CONTENT)


async def test_half_of_them_do_not_read(server: RestartedServer, graphql: GraphQLClient) -> None:
    kinds = (WebSocketFollower, EventStreamFollower)
    followers = [
        kinds[number % 2](server.address, is_reading=number % 4 < 2) for number in range(FOLLOWERS)
    ]
    slow = [each for each in followers if not each.is_reading]
    memory = Memory(psutil.Process(server.pid))
    async with TaskGroup() as group, timeout(IN_TIME_SECONDS):
        for follower in followers:
            group.create_task(follower.follow())
        await gather(*[follower.begun.wait() for follower in followers])
        quiet = memory.now()
        watching = group.create_task(memory.watch())
        started = monotonic()
        await _write(graphql)
        written = monotonic()
        await gather(*[each.has_all.wait() for each in followers if each.is_reading])
        read = monotonic()
        assert not any(each.has_all.is_set() for each in slow)
        while memory.connections(server.port) > 1:  # noqa: ASYNC110  nothing tells of it
            await sleep(0.2)
        watching.cancel()
        tell(
            f"{FOLLOWERS} followers, {len(slow)} of which do not read: {quiet / MEGABYTE:.0f} MB"
            f" while all is quiet, at most {memory.most / MEGABYTE:.0f} MB; {MESSAGES} messages"
            f" written in {written - started:.1f} s, read in {read - started:.1f} s,"
            f" the slow ones cut off after {monotonic() - started:.1f} s"
        )
        for each in slow:
            each.goes_on.set()
    told = sum('"code":1013' in line for line in server.log)
    assert told == sum(isinstance(each, WebSocketFollower) for each in slow)
    assert memory.most - quiet < 50 * MEGABYTE + len(slow) * MEGABYTE / 2
    for follower in followers:
        assert follower.sequences == list(range(1, MESSAGES + 2))


async def test_who_reads_again_is_told_to_come_again(
    server: RestartedServer, graphql: GraphQLClient
) -> None:
    follower = WebSocketFollower(server.address, is_reading=False)
    async with TaskGroup() as group, timeout(IN_TIME_SECONDS):
        group.create_task(follower.follow())
        await follower.begun.wait()
        await _write(graphql)
        await until(lambda: any('"event":"websocket"' in line for line in server.log))
        follower.goes_on.set()
    assert follower.close_code == CloseCode.TRY_AGAIN_LATER
    assert follower.sequences == list(range(1, MESSAGES + 2))
