"""The toy behind a real uvicorn on a port of its own, with our protocols."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from server.open_streams import OpenStreams
from server.settings import Settings
from tests.live_server import LiveServer, live_server
from tests.server.http.toy_schema import ToyContext, toy_app


@asynccontextmanager
async def toy_server(
    context: ToyContext | None = None, *, check_seconds: float = 5, **given: Any
) -> AsyncIterator[LiveServer]:
    """Serve the toy until the block ends."""
    settings = Settings(**given)
    streams = OpenStreams(settings)
    app = toy_app(context, streams=streams, check_seconds=check_seconds, **given)
    async with live_server(app, settings, streams, lifespan="off") as server:
        yield server
