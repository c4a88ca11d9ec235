"""A server process: it answers requests on a listening socket until it is told to stop."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine

import uvicorn
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.operator_error import OperatorError
from server.settings import Settings
from server.tls import uvicorn_options

DRAIN_SECONDS = 30
"""How long the requests under way may take when the process is told to stop."""


class Server(uvicorn.Server):
    """uvicorn's server, which says when it takes requests."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, when_started: Callable[[], None]
    ) -> None:
        configuration = uvicorn.Config(
            create_app(settings, engine),
            http="httptools",
            ws="none",
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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to take requests."""
        await super().startup(sockets)
        self._when_started()

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until SIGINT or SIGTERM. Raises `OperatorError` if it did not get that far."""
        # uvicorn hears them while it serves, and raises them again once it has stopped in good
        # order: by then they have been obeyed, and we have yet to leave the store
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        await super().serve(sockets)
        if not self.started:
            raise OperatorError("The server did not start; its log above says why.")


def run(serving: Coroutine[None, None, None]) -> None:
    """Run a server's coroutine in an event loop of its own."""
    if sys.platform == "win32":
        asyncio.run(serving)
    else:
        import uvloop  # noqa: PLC0415  not to be had on Windows

        uvloop.run(serving)
