"""Following a session's feed, or that of its tree."""

from asyncio import gather
from typing import Any

import pytest

from tests.graphql_client import GraphQLClient
from tests.live_server import LiveServer

_FOLLOW = """
    subscription ($session: ID!, $tree: Boolean! = false, $after: BigInt) {
      sessionEvents(session: $session, tree: $tree, after: $after) {
        sequence position eventType session { sessionId } subject { ... on Message { content } }
      }
    }
"""


async def test_what_is_recorded_comes_once_and_in_order(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"session": "s", "after": 0})
        first = (await client.next())["sessionEvents"]
        assert first["eventType"] == "session.created"
        for content in ("a", "b", "c"):
            await graphql.record(
                "recordMessage", "replayed", session="s", role="USER", content=content
            )
        events = [(await client.next())["sessionEvents"] for _ in range(3)]
    assert [event["sequence"] for event in events] == [2, 3, 4]
    assert [event["subject"] for event in events] == [{"content": text} for text in "abc"]
    assert {event["session"]["sessionId"] for event in events} == {"s"}


async def test_a_tree_is_followed_from_a_position(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    await graphql.record("createSession", "replayed", sessionId="root")
    for child in ("left", "right"):
        await graphql.record(
            "createSession", "replayed", sessionId=child, parent="root", kind="SUBAGENT"
        )
    await graphql.record("createSession", "replayed", sessionId="elsewhere")

    async def write(session: str) -> None:
        for _ in range(10):
            await graphql.record("recordMessage", "replayed", session=session, role="USER")

    async with server.client() as client:
        await client.subscribe(
            "1", _FOLLOW, variables={"session": "left", "tree": True, "after": 0}
        )
        begun = [(await client.next())["sessionEvents"] for _ in range(3)]
        sessions = ("root", "left", "right", "elsewhere")
        await gather(*[write(session) for session in sessions])
        followed = [(await client.next())["sessionEvents"] for _ in range(30)]
    _check_order([*begun, *followed])
    assert {event["session"]["sessionId"] for event in followed} == {"root", "left", "right"}
    async with server.client() as client:
        after = followed[14]["position"]
        again = {"session": "root", "tree": True, "after": after}
        await client.subscribe("1", _FOLLOW, variables=again)
        assert [(await client.next())["sessionEvents"] for _ in range(15)] == followed[15:]


def _check_order(events: list[Any]) -> None:
    positions = [event["position"] for event in events]
    assert positions == sorted(set(positions))
    sessions = {event["session"]["sessionId"] for event in events}
    for session in sessions:
        own = [e["sequence"] for e in events if e["session"]["sessionId"] == session]
        assert own == list(range(own[0], own[0] + len(own)))


async def test_without_after_only_what_is_new_comes(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"session": "s"})
        await client.subscribe("2", '{ session(id: "s") { sessionId } }')
        # which is answered once the subscription has begun, or not: so record until it comes
        seen = None
        while seen is None:
            await graphql.record("recordMessage", "replayed", session="s", role="USER")
            message = await client.receive()
            seen = message if message["id"] == "1" else None
    assert seen["payload"]["data"]["sessionEvents"]["eventType"] == "message.recorded"


@pytest.mark.parametrize(
    ("variables", "code", "field"),
    [
        ({"session": "none"}, "NOT_FOUND", "session"),
        ({"session": "s", "after": 2}, "BAD_USER_INPUT", "after"),
        ({"session": "s", "after": -1}, "BAD_USER_INPUT", "after"),
        ({"session": "s", "tree": True, "after": 1000}, "BAD_USER_INPUT", "after"),
        ({"session": "message_01h455vb4pex5vsknk084sn02q"}, "BAD_USER_INPUT", "session"),
    ],
)
async def test_bad_arguments(
    graphql: GraphQLClient, server: LiveServer, variables: dict[str, Any], code: str, field: str
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables=variables)
        message = await client.receive()
    assert message["type"] == "error"
    (error,) = message["payload"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)


async def test_it_ends_with_the_session(graphql: GraphQLClient, server: LiveServer) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        for message_id, tree in (("1", False), ("2", True)):
            variables = {"session": "s", "tree": tree, "after": 0}
            await client.subscribe(message_id, _FOLLOW, variables=variables)
            await client.next(message_id)
        await graphql.record("deleteSession", "replayed", session="s")
        ends = [await client.receive() for _ in range(2)]
    assert {end["type"] for end in ends} == {"complete"}
    assert {end["id"] for end in ends} == {"1", "2"}


async def test_another_project_sees_no_such_session(
    graphql: GraphQLClient, other_project: GraphQLClient, server: LiveServer
) -> None:
    made = await graphql.record("createSession", "session { id }", sessionId="s")
    headers = other_project.http.headers
    errors = []
    for session in (made["session"]["id"], "session_01h455vb4pex5vsknk084sn02q"):
        async with server.client(authorization=headers["authorization"]) as client:
            await client.subscribe("1", _FOLLOW, variables={"session": session})
            message = await client.receive()
            assert message["type"] == "error"
            message["payload"][0]["extensions"].pop("requestId")
            errors.append(message)
    assert errors[0] == errors[1]
    assert errors[0]["payload"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_subscriptions_and_how_far_they_are_behind_are_measured(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    async def figure(name: str) -> float:
        lines = (await graphql.http.get("/metrics")).text.splitlines()
        (line,) = [line for line in lines if line.startswith(f"sessiongraph_{name} ")]
        return float(line.split()[1])

    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"session": "s", "after": 0})
        await client.next()
        assert await figure("followed_rows_total") == 0  # it was there before
        await graphql.record("recordMessage", "replayed", session="s", role="USER")
        await client.next()
        assert await figure("subscriptions") == 1
        assert await figure("followed_rows_total") == 1
        assert 0 < await figure("followed_rows_delay_seconds_total") < 60
