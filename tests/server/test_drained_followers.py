"""A server process is told to stop: its followers are told to come again, and go on elsewhere."""

import asyncio
from asyncio import gather, timeout
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import httpx2
import pytest
from sqlalchemy.engine import URL
from websockets.exceptions import ConnectionClosed

from server.websocket.messages import CloseCode
from tests.chaos.killable_postgres import find_free_port
from tests.chaos.restarted_server import RestartedServer, server_environment
from tests.following_connections import EndedError, over_event_stream, over_websocket
from tests.graphql_client import GraphQLClient

PROMPTLY_SECONDS = 10
"""The rest of a process's end included, on a busy machine."""
FOLLOWERS = 10
"""Of each transport."""
FOLLOW = """
    subscription ($after: BigInt!, $tree: Boolean!) {
        sessionEvents(session: "s", tree: $tree, after: $after) { sequence position } }"""


@pytest.fixture
async def servers(database_url: URL) -> AsyncIterator[list[RestartedServer]]:
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    made = [RestartedServer(server_environment(url), find_free_port()) for _ in range(2)]
    await gather(*[each.start() for each in made])
    yield made
    for each in made:
        if not each.ends:
            await each.drain()
        assert each.faults() == []


async def test_followers_go_on_elsewhere(servers: list[RestartedServer]) -> None:
    stopping, staying = servers
    limits = httpx2.Limits(max_connections=None)
    async with (
        httpx2.AsyncClient(base_url=staying.address, limits=limits, timeout=60) as http,
        timeout(60),
    ):
        graphql = GraphQLClient(http)
        await graphql.record("createSession", "replayed", sessionId="s")
        begun = [asyncio.Event() for _ in range(4 * FOLLOWERS)]
        following = [
            asyncio.create_task(_follow(over, http, stopping.address, each, tree=number % 4 < 2))
            for number, each in enumerate(begun)
            for over in [(over_websocket, over_event_stream)[number % 2]]
        ]
        await gather(*[each.wait() for each in begun])
        async with timeout(PROMPTLY_SECONDS):
            _, *last = await gather(stopping.drain(), *following)
        await graphql.record("recordMessage", "replayed", session="s", role="USER")
        for number, variables in enumerate(last):
            over = (over_event_stream, over_websocket)[number % 2]  # the other transport
            async with aclosing(over(http, staying.address, FOLLOW, variables)) as answers:
                assert (await anext(answers))["data"]["sessionEvents"]["sequence"] == 2


async def _follow(
    over: Any, http: httpx2.AsyncClient, address: str, begun: asyncio.Event, *, tree: bool
) -> Mapping[str, Any]:
    """Follow until told to come again; give what to go on from."""
    variables = {"tree": tree, "after": 0}
    async with aclosing(over(http, address, FOLLOW, variables)) as answers:
        event = (await anext(answers))["data"]["sessionEvents"]
        begun.set()
        with pytest.raises((ConnectionClosed, EndedError)) as ended:
            await anext(answers)
    if isinstance(ended.value, ConnectionClosed):
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == CloseCode.SERVICE_RESTART
    return {"tree": tree, "after": event["position" if tree else "sequence"]}
