"""The real application behind a real server, and clients that follow."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.open_streams import OpenStreams
from server.settings import Settings
from tests.graphql_client import GraphQLClient
from tests.live_server import LiveServer, live_server


@pytest.fixture(params=["planned", "resolved"])
async def server(engine: AsyncEngine, request: pytest.FixtureRequest) -> AsyncIterator[LiveServer]:
    """The application on a port of its own, with plans and without."""
    settings = Settings(insecure=True, plans_queries=request.param == "planned")
    streams = OpenStreams(settings)
    async with live_server(create_app(settings, engine, streams), settings, streams) as live:
        yield live


@pytest.fixture
async def graphql(server: LiveServer) -> AsyncIterator[GraphQLClient]:
    """A client of project 1, of the same server."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        yield GraphQLClient(http)
