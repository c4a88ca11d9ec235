"""A server process: it answers requests on a listening socket until it is told to stop."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import cast

import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.database_watch import DatabaseWatch
from server.http.bounded_connection import BoundedConnection, close_late
from server.open_files import allow_connections
from server.open_streams import OpenStreams
from server.operator_error import OperatorError
from server.settings import Settings
from server.tls import uvicorn_options
from server.websocket.protocol import WebSocketConnection

DRAIN_SECONDS = 30
"""How long the requests under way may take when the process is told to stop."""


class Server(uvicorn.Server):
    """uvicorn's server, which says when it takes requests."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, when_started: Callable[[], None]
    ) -> None:
        allowed = allow_connections(settings.max_connections)
        settings = settings.model_copy(update={"max_connections": allowed})
        self._streams = OpenStreams(settings)
        configuration = uvicorn.Config(
            create_app(settings, engine, self._streams),
            http=cast("type[asyncio.Protocol]", partial(BoundedConnection, settings)),
            ws=cast("type[asyncio.Protocol]", partial(WebSocketConnection, settings)),
            ws_max_size=settings.max_body_bytes,
            ws_ping_interval=settings.keepalive_seconds,
            ws_ping_timeout=settings.send_timeout_seconds,
            ws_per_message_deflate=False,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            **uvicorn_options(settings),
        )
        super().__init__(configuration)
        self._when_started = when_started
        self._engine = engine
        self._watch = DatabaseWatch(settings, engine)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to take requests."""
        await super().startup(sockets)
        self._when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and end what is under way."""
        self._streams.stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Do what is to be done ten times a second. Tells whether to stop."""
        if counter % 10 == 0:
            close_late(self.server_state.connections, asyncio.get_running_loop().time())
        return await super().on_tick(counter)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until SIGINT or SIGTERM. Raises `OperatorError` if it did not get that far."""
        # uvicorn hears them while it serves, and raises them again once it has stopped in good
        # order: by then they have been obeyed, and we have yet to leave the store
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        await self._engine.dispose()  # the watch knows no connection from before
        watching = asyncio.create_task(self._watch.run())
        try:
            await super().serve(sockets)
        finally:
            watching.cancel()
            await asyncio.wait({watching})
        if not self.started:
            raise OperatorError("The server did not start; its log above says why.")


def run(serving: Coroutine[None, None, None]) -> None:
    """Run a server's coroutine in an event loop of its own."""
    if sys.platform == "win32":
        asyncio.run(serving)
    else:
        import uvloop  # noqa: PLC0415  not to be had on Windows

        uvloop.run(serving)
