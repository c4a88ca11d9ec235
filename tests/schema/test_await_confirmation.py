"""`awaitConfirmation`: who asks is answered when it is decided, or when the time is up."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from server.administration.api_keys import create_key
from server.app import create_app
from server.open_streams import OpenStreams
from server.settings import Settings
from tests.conftest import client_of_app
from tests.factories import create_session, record_tool_call, request_confirmation
from tests.graphql_client import GraphQLClient
from tests.statements import recorded_statements

AWAIT = """query ($id: ID!, $seconds: Int! = 30) {
  awaitConfirmation(id: $id, timeoutSeconds: $seconds) { id status reason toolCall { status } } }"""


async def _waiting(graphql: GraphQLClient, number: int) -> None:
    """Return when so many queries wait."""
    async with asyncio.timeout(30):
        metrics = ""
        while f"sessiongraph_waits {number}.0" not in metrics:
            await asyncio.sleep(0)
            metrics = (await graphql.http.get("/metrics")).text


async def _decide(graphql: GraphQLClient, confirmation: dict[str, Any]) -> None:
    given = {"confirmation": confirmation["id"], "decision": "DENIED", "reason": "Too much"}
    await graphql.record("decideConfirmation", "replayed", **given)


async def test_it_is_answered_when_it_is_decided(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    confirmation = await request_confirmation(graphql, toolCall=call["id"])
    waiting = asyncio.create_task(graphql.execute(AWAIT, id=confirmation["id"]))
    await _waiting(graphql, 1)
    await _decide(graphql, confirmation)
    expected = {
        "id": confirmation["id"],
        "status": "DENIED",
        "reason": "Too much",
        "toolCall": {"status": "DENIED"},
    }
    assert await waiting == {"awaitConfirmation": expected}
    assert await graphql.execute(AWAIT, id=confirmation["id"]) == {"awaitConfirmation": expected}
    await _waiting(graphql, 0)


@pytest.mark.parametrize("mutation", ["clearConfirmation", "endSession"])
async def test_it_is_answered_when_it_is_withdrawn(graphql: GraphQLClient, mutation: str) -> None:
    await create_session(graphql)
    confirmation = await request_confirmation(graphql, toolName="pay")
    waiting = asyncio.create_task(graphql.execute(AWAIT, id=confirmation["id"]))
    await _waiting(graphql, 1)
    of_session = {"session": "session"}
    given = {"confirmation": confirmation["id"]} if "Conf" in mutation else of_session
    await graphql.record(mutation, "__typename", **given)
    assert (await waiting)["awaitConfirmation"]["status"] == "CANCELLED"


async def test_it_is_pending_when_the_time_is_up(
    graphql: GraphQLClient, resolved: GraphQLClient
) -> None:
    await create_session(graphql)
    confirmation = await request_confirmation(graphql, toolName="pay")
    for client in (graphql, resolved):
        for seconds in (0, 1):
            found = await client.execute(AWAIT, id=confirmation["id"], seconds=seconds)
            assert found["awaitConfirmation"]["status"] == "PENDING"


async def test_what_is_not_there_is_null_at_once(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    await create_session(other_project)
    theirs = await request_confirmation(other_project, toolName="pay")
    for id_ in (theirs["id"], "confirmation_01h455vb4pex5vsknk084sn02q"):
        async with asyncio.timeout(10):
            assert await graphql.execute(AWAIT, id=id_) == {"awaitConfirmation": None}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"seconds": -1}, "timeoutSeconds"),
        ({"seconds": 51}, "timeoutSeconds"),
        ({"id": "session"}, "id"),
        ({"id": "session_01h455vb4pex5vsknk084sn02q"}, "id"),
    ],
)
async def test_what_cannot_be_waited_for(
    graphql: GraphQLClient, resolved: GraphQLClient, values: dict[str, Any], field: str
) -> None:
    given = {"id": "confirmation_01h455vb4pex5vsknk084sn02q", **values}
    for client in (graphql, resolved):
        reply = await client.send(AWAIT, **given)
        assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", field)
        assert reply.data == {"awaitConfirmation": None}


async def test_several_are_waited_for_at_once(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    made = [await request_confirmation(graphql, toolName="pay") for _ in range(3)]
    document = """query ($a: ID!, $b: ID!, $c: ID!, $no: Boolean!) {
      ... { a: awaitConfirmation(id: $a) { status } } ...Second
      c: awaitConfirmation(id: $c) @include(if: $no) { status }
      session(id: "session") { status } __typename }
      fragment Second on Query { b: awaitConfirmation(id: $b, timeoutSeconds: 40) { status } }"""
    ids = {name: each["id"] for name, each in zip("abc", made, strict=True)}
    waiting = asyncio.create_task(graphql.execute(document, **ids, no=False))
    await _waiting(graphql, 1)
    for each in made[:2]:
        await _decide(graphql, each)
    # all of it was read after the last decision
    assert await waiting == {
        "a": {"status": "DENIED"},
        "b": {"status": "DENIED"},
        "session": {"status": "WAITING"},
        "__typename": "Query",
    }


async def test_hundreds_wait_with_one_key_and_keep_nobody_waiting(engine: AsyncEngine) -> None:
    settings = Settings(insecure=True, max_waiting_per_key=300, metrics_port=None)
    app = create_app(settings, engine)
    async with engine.begin() as connection:
        key = await create_key(connection, "default", "test", [Scope.RECORD, Scope.READ])
    async with client_of_app(app, key) as http:
        graphql = GraphQLClient(http)
        await create_session(graphql)
        made = [await request_confirmation(graphql, toolName="pay") for _ in range(3)]
        await graphql.execute(AWAIT, id=made[0]["id"], seconds=0)  # prepared by now
        async with recorded_statements(engine) as statements:
            asked = [each["id"] for each in made for _ in range(100)]
            waiting = [asyncio.create_task(graphql.execute(AWAIT, id=each)) for each in asked]
            await _waiting(graphql, 300)
        # those who ask at once are answered by one statement
        assert len([each for each in statements if "confirmations" in str(each)]) < 50
        refused = await graphql.send(AWAIT, id=made[0]["id"])
        assert refused.error["code"] == "LIMITED"
        assert refused.error["limit"] == "waiting queries of a key"
        for each in made:
            await _decide(graphql, each)
        statuses = [each["awaitConfirmation"]["status"] for each in await asyncio.gather(*waiting)]
        assert statuses == ["DENIED"] * 300


async def test_a_server_that_stops_answers_at_once(engine: AsyncEngine) -> None:
    settings = Settings(insecure=True)
    streams = OpenStreams(settings)
    async with client_of_app(create_app(settings, engine, streams)) as http:
        graphql = GraphQLClient(http)
        await create_session(graphql)
        confirmation = await request_confirmation(graphql, toolName="pay")
        waiting = asyncio.create_task(graphql.execute(AWAIT, id=confirmation["id"]))
        await _waiting(graphql, 1)
        streams.stop()
        async with asyncio.timeout(10):
            assert (await waiting)["awaitConfirmation"]["status"] == "PENDING"
            later = await graphql.execute(AWAIT, id=confirmation["id"])
        assert later["awaitConfirmation"]["status"] == "PENDING"


async def test_a_key_that_ends_meanwhile_is_told_nothing(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    asked = await request_confirmation(graphql, toolName="pay")
    async with engine.begin() as connection:
        short = timedelta(seconds=2)
        key = await create_key(connection, "default", "test", [Scope.READ], short)
    app = create_app(Settings(insecure=True), engine)
    async with client_of_app(app, key) as http:
        body = {"query": AWAIT, "variables": {"id": asked["id"], "seconds": 3}}
        assert (await http.post("/graphql", json=body)).status_code == 401
