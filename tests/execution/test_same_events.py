"""The plan and graphql-core show the same of a subscription's events, to the letter."""

from asyncio import timeout
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.open_streams import OpenStreams
from server.settings import Settings
from tests.comparable_answers import comparable_answer, comparable_errors
from tests.execution.operations import Operation, subscriptions
from tests.execution.test_same_answers import EXAMPLES, some_ids
from tests.history import fill
from tests.live_server import GraphQLSocket, live_server

_EVENTS = {"sessions": 3, "sessionEvents": 3, "confirmations": 3}
"""How many events are looked at; of other fields there may be one alone."""
_PATIENCE_SECONDS = 30


@dataclass
class Followers:
    """Clients of the same store, served with plans and without."""

    sockets: list[GraphQLSocket]
    ids: list[str]
    numbers: "count[int]" = field(default_factory=count)

    async def follow(self, operation: Operation, most: int) -> list[list[bytes]]:
        """Give the first messages of a subscription from each server; an error is the last."""
        own_id = f"{next(self.numbers):06}"
        members = {"variables": operation.variables}
        for each in self.sockets:
            await each.subscribe(own_id, operation.text, **members)
        told = [await _read(each, own_id, most) for each in self.sockets]
        for each in self.sockets:
            await each.send(type="complete", id=own_id)
        return told


async def _read(client: GraphQLSocket, own_id: str, most: int) -> list[bytes]:
    told: list[bytes] = []
    while len(told) < most:
        async with timeout(_PATIENCE_SECONDS):
            message = await client.socket.recv(decode=False)
        content = orjson.loads(message)
        if content["id"] != own_id:  # of one that was left while events were on their way
            continue
        told.append(_without_request(content) or message)
        if content["type"] != "next":
            break
    return told


def _without_request(content: Any) -> bytes | None:
    """Give a message of errors without what tells the request; None where there are none."""
    payload = content["payload"]
    if isinstance(payload, list):
        content["payload"] = comparable_errors(payload)
    elif "errors" in payload:
        comparable_answer(payload)
    else:
        return None
    return orjson.dumps(content)


@pytest.fixture
async def followers(engine: AsyncEngine) -> AsyncIterator[Followers]:
    await fill(engine, 3)
    ids = await some_ids(engine)
    async with AsyncExitStack() as stack:
        sockets = []
        for plans_queries in (True, False):
            made = Settings(
                insecure=True, plans_queries=plans_queries, max_cost=10**9, max_aliases=1000
            )
            streams = OpenStreams(made)
            app = create_app(made, engine, streams)
            live = await stack.enter_async_context(live_server(app, made, streams, "off"))
            sockets.append(await stack.enter_async_context(live.client()))
        yield Followers(sockets, ids)


@settings(max_examples=EXAMPLES // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_random_subscriptions(
    followers: Followers, data: st.DataObject, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    name, operation = data.draw(subscriptions(followers.ids))
    planned, resolved = await followers.follow(operation, _EVENTS.get(name, 1))
    assert planned == resolved, operation.text
    event(f"{name}: {orjson.loads(planned[-1])['type']}")
    assert not caplog.text, operation.text
