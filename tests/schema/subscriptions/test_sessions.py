"""Following the sessions of a project: which appear, change their status, or end."""

from typing import Any

import httpx2
import orjson
import pytest

from tests.graphql_client import GraphQLClient
from tests.live_server import GraphQLSocket, LiveServer

_FOLLOW = """
    subscription ($filter: SessionFilter, $after: BigInt) {
      sessions(filter: $filter, after: $after) {
        matches session { sessionId status tags } sessionEvent { eventType position }
      }
    }
"""


async def _told(client: GraphQLSocket, count: int) -> list[tuple[str, str, bool]]:
    """Give what is told of some sessions: their names, the event's type, whether they match."""
    told = []
    for _ in range(count):
        change = (await client.next())["sessions"]
        name = change["session"]["sessionId"]
        told.append((name, change["sessionEvent"]["eventType"], change["matches"]))
    return told


async def _follow(client: GraphQLSocket, session_filter: Any = None, after: int = 0) -> None:
    await client.subscribe("1", _FOLLOW, variables={"filter": session_filter, "after": after})


async def test_a_session_from_its_beginning_to_its_end(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"after": 0})
        await graphql.record("createSession", "replayed", sessionId="s")
        assert await _told(client, 1) == [("s", "session.created", True)]
        await graphql.record("recordMessage", "replayed", session="s", role="USER")  # untold
        await graphql.record("updateSession", "replayed", session="s", title="Renamed")
        assert await _told(client, 1) == [("s", "session.updated", True)]
        await graphql.record("requestConfirmation", "replayed", session="s", toolName="t")
        change = (await client.next())["sessions"]
        assert change["session"]["status"] == "WAITING"
        await graphql.record("endSession", "replayed", session="s", status="FAILED")
        change = (await client.next())["sessions"]
        assert change["session"]["status"] == "FAILED"
        assert change["sessionEvent"]["eventType"] == "session.status_changed"


@pytest.mark.parametrize(
    "session_filter",
    [
        {"status": {"eq": "ACTIVE"}},
        {"status": {"in": ["ACTIVE", "WAITING"]}},
        {"not": {"status": {"eq": "COMPLETED"}}},
        {"or": [{"status": {"eq": "ACTIVE"}}, {"title": {"eq": "none"}}]},
        {"endedAt": {"isNull": True}},
        {"not": {"endedAt": {"gt": "2020-01-01T00:00:00Z"}}},
        {"and": [{"agent": {"eq": "a"}}, {"status": {"ne": "COMPLETED"}}]},
    ],
)
async def test_who_leaves_a_filter_is_told_of_once(
    graphql: GraphQLClient, server: LiveServer, session_filter: Any
) -> None:
    await graphql.record("createAgent", "replayed", agentId="a", name="A")
    async with server.client() as client:
        await _follow(client, session_filter)
        await graphql.record("createSession", "replayed", sessionId="s", agent="a")
        assert await _told(client, 1) == [("s", "session.created", True)]
        await graphql.record("endSession", "replayed", session="s")
        assert await _told(client, 1) == [("s", "session.status_changed", False)]
        await graphql.record("updateSession", "replayed", session="s", title="Over")  # untold
        await graphql.record("createSession", "replayed", sessionId="next", agent="a")
        assert await _told(client, 1) == [("next", "session.created", True)]


@pytest.mark.parametrize(
    "session_filter",
    [
        {"agent": {"eq": "a"}},
        {"tags": {"contains": ["red"]}},
        {"not": {"tags": {"overlaps": ["blue"]}}},
        {"or": [{"sessionId": {"eq": "mine"}}, {"sessionId": {"eq": "none"}}]},
        {"agent": {"eq": "a"}, "tags": {"contains": ["red"]}},
        {"id": {"eq": "mine"}},
    ],
)
async def test_what_no_filter_finds_is_not_told(
    graphql: GraphQLClient, server: LiveServer, session_filter: Any
) -> None:
    for agent in ("a", "b"):
        await graphql.record("createAgent", "replayed", agentId=agent, name=agent)
    async with server.client() as client:
        await _follow(client, session_filter)
        for name, agent, tag in (("other", "b", "blue"), ("mine", "a", "red")):
            await graphql.record(
                "createSession", "replayed", sessionId=name, agent=agent, tags=[tag]
            )
            await graphql.record("endSession", "replayed", session=name)
        told = await _told(client, 2)
    changes = ["session.created", "session.status_changed"]
    assert told == [("mine", change, True) for change in changes]


async def test_who_enters_a_filter_is_told_of(graphql: GraphQLClient, server: LiveServer) -> None:
    async with server.client() as client:
        await _follow(client, {"status": {"eq": "COMPLETED"}, "tags": {"contains": ["red"]}})
        await graphql.record("createSession", "replayed", sessionId="s")
        await graphql.record("endSession", "replayed", session="s")
        await graphql.record("updateSession", "replayed", session="s", tags=["red"])
        told = await _told(client, 1)
        while told[-1][1] != "session.updated":  # an event is shown with what the session is now
            told += await _told(client, 1)
        assert {(name, matches) for name, _, matches in told} == {("s", True)}


async def test_whoever_comes_back_gets_each_later_change_once(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    followed = []
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"after": 0})
        for number in range(5):
            await graphql.record("createSession", "replayed", sessionId=f"s{number}")
            await graphql.record("endSession", "replayed", session=f"s{number}")
        followed = [(await client.next())["sessions"] for _ in range(10)]
    positions = [change["sessionEvent"]["position"] for change in followed]
    assert positions == sorted(set(positions))
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"after": positions[3]})
        later = [(await client.next())["sessions"] for _ in range(6)]
        await graphql.record("createSession", "replayed", sessionId="last")
        assert await _told(client, 1) == [("last", "session.created", True)]
    # a session that was seen before its end is by now as it ended
    assert [change["sessionEvent"] for change in later] == [
        change["sessionEvent"] for change in followed[4:]
    ]


async def test_a_batch_is_told_of_like_single_mutations(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"after": 0})
        await graphql.record("createSession", "replayed", sessionId="before")
        assert await _told(client, 1) == [("before", "session.created", True)]
        records = [
            {"createSession": {"sessionId": "s"}},
            {"endSession": {"session": "s"}},
            {"endSession": {"session": "before"}},
        ]
        await graphql.record("recordBatch", "recordedCount", records=records)
        assert await _told(client, 3) == [
            ("s", "session.created", True),
            ("s", "session.status_changed", True),
            ("before", "session.status_changed", True),
        ]


async def test_another_project_sees_nothing(
    graphql: GraphQLClient, other_project: GraphQLClient, server: LiveServer
) -> None:
    key = other_project.http.headers["authorization"]
    async with server.client(authorization=key) as client:
        await client.subscribe("1", _FOLLOW, variables={"after": 0})
        await graphql.record("createSession", "replayed", sessionId="not theirs")
        url = f"http://127.0.0.1:{server.port}"
        async with httpx2.AsyncClient(base_url=url, headers={"authorization": key}) as http:
            await GraphQLClient(http).record("createSession", "replayed", sessionId="theirs")
        assert await _told(client, 1) == [("theirs", "session.created", True)]


async def test_over_http(graphql: GraphQLClient, server: LiveServer) -> None:
    body = {"query": _FOLLOW, "variables": {"after": 0, "filter": {"status": {"eq": "ACTIVE"}}}}
    url = f"http://127.0.0.1:{server.port}/graphql"
    headers = {"accept": "text/event-stream"}
    async with (
        httpx2.AsyncClient() as http,
        http.stream("POST", url, json=body, headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.aiter_lines()
        for mutation, matches in (("createSession", True), ("endSession", False)):
            name = "sessionId" if mutation == "createSession" else "session"
            await graphql.record(mutation, "replayed", **{name: "s"})
            data = await anext(line async for line in lines if line.startswith("data: {"))
            change = orjson.loads(data.removeprefix("data: "))["data"]["sessions"]
            assert (change["session"]["sessionId"], change["matches"]) == ("s", matches)


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"after": 1_000}, "after"),
        ({"after": -1}, "after"),
        ({"filter": {"title": {"eq": None}}}, "filter.title.eq"),
        ({"filter": {"or": [{"agent": {"eq": "message_01h455vb4pex5vsknk084sn02q"}}]}}, None),
        ({"filter": {"not": {"tags": {"contains": None}}}}, "filter.not.tags.contains"),
    ],
)
async def test_bad_arguments(
    server: LiveServer, variables: dict[str, Any], field: str | None
) -> None:
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables=variables)
        message = await client.receive()
    assert message["type"] == "error", message
    (error,) = message["payload"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    if field is not None:
        assert error["extensions"]["field"] == field
    else:
        assert error["extensions"]["field"].startswith("filter.")
