"""The command over HTTP, and connections over each of its transports."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from mcp import Client

from tests.conftest import Server
from tests.mcp.connections import WAYS, Way, by_http, by_stdio, serving_http


@pytest.fixture(scope="session")
def mcp_url(server: Server) -> Iterator[str]:
    """A command that all tests share; it has a key of its own, which it never uses."""
    with serving_http(server.url, SESSIONGRAPH_API_KEY=server.make_key()) as url:
        yield url


@pytest.fixture(params=WAYS, ids=str)
def way(request: pytest.FixtureRequest) -> Way:
    """Each transport, with each way to agree on the protocol's version."""
    given = request.param
    assert isinstance(given, Way)
    return given


@pytest.fixture
def connection(
    way: Way, server: Server, api_key: str, mcp_url: str
) -> AbstractAsyncContextManager[Client]:
    """A connection to the command, in the project of `api_key`.

    A test enters it by itself, since the SDK's client belongs to the task that enters it.
    """
    if way.transport == "stdio":
        return by_stdio(server.url, api_key, mode=way.mode)
    return by_http(mcp_url, api_key, mode=way.mode)
