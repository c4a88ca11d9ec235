"""A server with a small history for the clients."""

import asyncio
from collections.abc import Iterator

import httpx2
import pytest

from tests.graphql_client import GraphQLClient
from tests.server_process import make_environment, serve

SESSIONS = [f"session {number}" for number in range(23)]
MESSAGES = 34


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has `SESSIONS`, and `MESSAGES` in the first of them."""
    environment = make_environment(tmp_path_factory.mktemp("clients"))
    # nobody reads the log's pipe once the server is ready
    with serve({**environment, "SESSIONGRAPH_LOG_LEVEL": "ERROR"}) as (_, served):
        asyncio.run(_record_history(served))
        yield served


async def _record_history(address: str) -> None:
    async with httpx2.AsyncClient(base_url=address) as http:
        graphql = GraphQLClient(http)
        for name in SESSIONS:
            await graphql.record("createSession", "created", sessionId=name)
        for number in range(MESSAGES):
            message = {"session": SESSIONS[0], "role": "USER", "content": f"message {number}"}
            await graphql.record("recordMessage", "replayed", **message)
