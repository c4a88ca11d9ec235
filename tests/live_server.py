"""An application behind a real uvicorn on a port of its own, with our protocols."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import orjson
import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.http.bounded_connection import BoundedConnection, close_late
from server.open_streams import OpenStreams
from server.settings import Settings
from server.websocket.protocol import WebSocketConnection

_PATIENCE_SECONDS = 60
"""What does not come in this time does not come."""
SUBPROTOCOL = Subprotocol("graphql-transport-ws")


@dataclass
class LiveServer:
    """A server that is up."""

    port: int
    streams: OpenStreams
    uvicorn: uvicorn.Server

    @property
    def connections(self) -> int:
        """How many clients the process has, of any kind."""
        return len(self.uvicorn.server_state.connections)

    @property
    def unread_bytes(self) -> int:
        """What waits in the process until clients read."""
        connections = self.uvicorn.server_state.connections
        return sum(each.transport.get_write_buffer_size() for each in connections)

    def connect(self, subprotocol: str | None = SUBPROTOCOL, **options: Any) -> connect:
        """Open a WebSocket, which says nothing yet."""
        subprotocols = [Subprotocol(subprotocol)] if subprotocol else None
        return connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=subprotocols,
            compression=None,
            proxy=None,
            **options,
        )

    @asynccontextmanager
    async def client(self, **payload: Any) -> AsyncIterator["GraphQLSocket"]:
        """Open a WebSocket and initialise the connection, with a payload.

        It takes whatever comes: else it would wait to be closed until all that came was read.
        """
        async with self.connect(max_size=None, max_queue=None) as opened:
            client = GraphQLSocket(opened)
            await client.send(type="connection_init", payload=payload)
            assert await client.receive() == {"type": "connection_ack"}
            yield client


@dataclass
class GraphQLSocket:
    """A client's side of a WebSocket."""

    socket: ClientConnection

    async def send(self, **message: Any) -> None:
        await self.socket.send(orjson.dumps(message).decode())

    async def subscribe(self, message_id: str, query: str, **members: Any) -> None:
        await self.send(type="subscribe", id=message_id, payload={"query": query, **members})

    async def receive(self) -> Any:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return orjson.loads(await self.socket.recv())

    async def next(self, message_id: str = "1") -> Any:
        """Wait for the next answer of an operation, which must have no errors; give its data."""
        message = await self.receive()
        assert (message["type"], message["id"]) == ("next", message_id), message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def close_code(self) -> tuple[int, str]:
        """Wait for the server to close it, whatever it says before."""
        try:
            while True:
                await self.socket.recv()
        except ConnectionClosed:
            code, reason = self.socket.close_code, self.socket.close_reason
        assert code is not None
        assert reason is not None
        return code, reason


@asynccontextmanager
async def live_server(
    app: ASGIApp,
    settings: Settings,
    streams: OpenStreams,
    lifespan: Literal["on", "off"] = "on",
) -> AsyncIterator[LiveServer]:
    """Serve an application until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        configuration = uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", partial(BoundedConnection, settings)),
            ws=cast("type[asyncio.Protocol]", partial(WebSocketConnection, settings)),
            ws_max_size=settings.max_body_bytes,
            ws_ping_interval=settings.keepalive_seconds,
            ws_ping_timeout=settings.send_timeout_seconds,
            ws_per_message_deflate=False,
            lifespan=lifespan,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        configuration.load()
        server = uvicorn.Server(configuration)
        server.lifespan = configuration.lifespan_class(configuration)
        await server.startup(sockets=[listener])
        closing = asyncio.create_task(_close_late(server))
        try:
            yield LiveServer(listener.getsockname()[1], streams, server)
        finally:
            closing.cancel()
            streams.stop()
            await server.shutdown(sockets=[listener])


async def _close_late(server: uvicorn.Server) -> None:
    while True:
        await asyncio.sleep(0.1)
        close_late(server.server_state.connections, asyncio.get_running_loop().time())
