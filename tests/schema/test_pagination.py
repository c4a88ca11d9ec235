"""Keyset pages, forward and back."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

import resolvers.session
from resolvers.context import Context
from resolvers.recording import Recording
from resolvers.transaction import record
from tests.factories import create_session, record_message
from tests.graphql_client import GraphQLClient

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  session(id: "session") { messages(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { sequence } }
    nodes { sequence }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  } } }"""


async def page(graphql: GraphQLClient, **arguments: Any) -> dict[str, Any]:
    data = await graphql.execute(PAGE, **arguments)
    messages: dict[str, Any] = data["session"]["messages"]
    cursors = [edge["cursor"] for edge in messages["edges"]]
    info = messages["pageInfo"]
    assert [edge["node"] for edge in messages["edges"]] == messages["nodes"]
    assert info["startCursor"] == (cursors[0] if cursors else None)
    assert info["endCursor"] == (cursors[-1] if cursors else None)
    return {
        "sequences": [node["sequence"] for node in messages["nodes"]],
        "next": info["hasNextPage"],
        "previous": info["hasPreviousPage"],
        "cursors": cursors,
        "total": messages["totalCount"],
    }


@pytest.fixture
async def seven(graphql: GraphQLClient) -> GraphQLClient:
    """A session of seven messages, and another that must not show."""
    await create_session(graphql, "other")
    await record_message(graphql, "other")
    await create_session(graphql)
    for _ in range(7):
        await record_message(graphql)
    return graphql


async def test_the_first_and_the_last(seven: GraphQLClient) -> None:
    first = await page(seven, first=3)
    assert first["sequences"] == [1, 2, 3]
    assert (first["next"], first["previous"], first["total"]) == (True, False, 7)
    last = await page(seven, last=3)
    assert last["sequences"] == [5, 6, 7]
    assert (last["next"], last["previous"], last["total"]) == (False, True, 7)
    everything = await page(seven)
    assert everything["sequences"] == [1, 2, 3, 4, 5, 6, 7]
    assert (everything["next"], everything["previous"]) == (False, False)


async def test_between_two_cursors(seven: GraphQLClient) -> None:
    cursors = (await page(seven))["cursors"]
    between = await page(seven, after=cursors[1], before=cursors[5])
    assert between["sequences"] == [3, 4, 5]
    assert (await page(seven, first=2, after=cursors[1], before=cursors[5]))["sequences"] == [3, 4]
    assert (await page(seven, last=2, after=cursors[1], before=cursors[5]))["sequences"] == [4, 5]
    assert (await page(seven, after=cursors[6]))["sequences"] == []
    assert (await page(seven, last=3, before=cursors[0]))["sequences"] == []


async def test_no_rows_are_asked_for(seven: GraphQLClient) -> None:
    none = await page(seven, first=0)
    assert none["sequences"] == []
    assert (none["next"], none["total"]) == (True, 7)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
async def test_walking_gives_each_row_once_and_in_order(seven: GraphQLClient, size: int) -> None:
    walked: list[int] = []
    after = None
    while True:
        forward = await page(seven, first=size, after=after)
        walked += forward["sequences"]
        if not forward["next"]:
            break
        after = forward["cursors"][-1]
    assert walked == [1, 2, 3, 4, 5, 6, 7]
    walked = []
    before = None
    while True:
        backward = await page(seven, last=size, before=before)
        walked = backward["sequences"] + walked
        if not backward["previous"]:
            break
        before = backward["cursors"][0]
    assert walked == [1, 2, 3, 4, 5, 6, 7]


async def test_pages_of_parents_are_each_their_own(graphql: GraphQLClient) -> None:
    for name, count in (("a", 1), ("b", 3), ("c", 0)):
        await create_session(graphql, name)
        for _ in range(count):
            await record_message(graphql, name)
    data = await graphql.execute(
        """{ sessions { nodes { sessionId
          messages(first: 2) { totalCount nodes { sequence } pageInfo { hasNextPage } } } } }"""
    )
    pages = {node["sessionId"]: node["messages"] for node in data["sessions"]["nodes"]}
    assert {name: page["totalCount"] for name, page in pages.items()} == {"a": 1, "b": 3, "c": 0}
    assert {name: len(page["nodes"]) for name, page in pages.items()} == {"a": 1, "b": 2, "c": 0}
    assert [name for name, page in pages.items() if page["pageInfo"]["hasNextPage"]] == ["b"]


async def test_rows_of_the_same_moment_are_not_lost(graphql: GraphQLClient) -> None:
    moment = "2026-01-01T00:00:00Z"
    await create_session(graphql)
    for _ in range(5):
        await graphql.record(
            "recordSessionMetric",
            "replayed",
            session="session",
            metricType="m",
            metricValue=1,
            recordedAt=moment,
        )
    walked: list[str] = []
    after = None
    for _ in range(5):
        data = await graphql.execute(
            """query ($after: String) { session(id: "session") {
              metrics(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } } }""",
            after=after,
        )
        walked += [node["id"] for node in data["session"]["metrics"]["nodes"]]
        after = data["session"]["metrics"]["pageInfo"]["endCursor"]
    assert len(set(walked)) == 5
    assert walked == sorted(walked)


async def test_a_cursor_belongs_to_its_connection(seven: GraphQLClient) -> None:
    cursor = (await page(seven, first=1))["cursors"][0]
    reply = await seven.send(
        'query ($c: String) { session(id: "session") { events(after: $c) { nodes { id } } } }',
        c=cursor,
    )
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "after")
    assert "another connection" in reply.error["message"]


async def test_a_cursor_belongs_to_its_order_and_filter(graphql: GraphQLClient) -> None:
    await create_session(graphql, "a")
    await create_session(graphql, "b")
    query = """query ($after: String, $orderBy: SessionOrder, $filter: SessionFilter) {
      sessions(after: $after, orderBy: $orderBy, filter: $filter) {
        pageInfo { startCursor } nodes { id } } }"""
    ways: list[dict[str, Any]] = [
        {},
        {"orderBy": {"field": "CREATED_AT", "direction": "ASC"}},
        {"orderBy": {"field": "STARTED_AT", "direction": "ASC"}},
        {"filter": {"status": {"eq": "ACTIVE"}}},
        {"filter": {"status": {"in": ["ACTIVE"]}}},
        {"filter": {"not": {"status": {"eq": "FAILED"}}}},
    ]
    for way in ways:
        data = await graphql.execute(query, **way)
        cursor = data["sessions"]["pageInfo"]["startCursor"]
        for other in ways:
            reply = await graphql.send(query, after=cursor, **other)
            if other is way:
                assert reply.data is not None
                assert len(reply.data["sessions"]["nodes"]) == 1
            else:
                assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "after")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cursor=st.one_of(st.text(max_size=40), st.binary(max_size=30).map(bytes.hex)))
async def test_no_text_is_a_cursor_by_chance(graphql: GraphQLClient, cursor: str) -> None:
    reply = await graphql.send(
        "query ($c: String) { sessions(after: $c) { nodes { id } } }", c=cursor
    )
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "after")


SCORES = st.lists(st.sampled_from([None, 0.0, 0.5, 1.0]), max_size=6)


async def add_sessions(engine: AsyncEngine, user: str, scores: list[float | None]) -> None:
    async def add(recording: Recording) -> dict[str, Any]:
        for score in scores:
            await resolvers.session.create_session(recording, user_id=user, quality_score=score)
        return {}

    await record(Context(engine, 1), "add", add, {})


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    scores=SCORES,
    added=st.lists(SCORES, max_size=3),
    size=st.integers(1, 4),
    forward=st.booleans(),
    field=st.sampled_from(["QUALITY_SCORE", "ENDED_AT", "CREATED_AT", "LAST_ACTIVITY_AT"]),
    direction=st.sampled_from(["ASC", "DESC"]),
)
async def test_walking_while_rows_are_added_gives_each_row_once_and_in_order(  # noqa: PLR0917
    graphql: GraphQLClient,
    engine: AsyncEngine,
    scores: list[float | None],
    added: list[list[float | None]],
    size: int,
    forward: bool,
    field: str,
    direction: str,
) -> None:
    user = str(uuid4())
    wanted = {
        "filter": {"userId": {"eq": user}},
        "orderBy": {"field": field, "direction": direction},
    }
    query = """query ($filter: SessionFilter, $orderBy: SessionOrder,
        $first: Int, $after: String, $last: Int, $before: String) {
      sessions(filter: $filter, orderBy: $orderBy,
          first: $first, after: $after, last: $last, before: $before) {
        nodes { id qualityScore endedAt createdAt lastActivityAt }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    await add_sessions(engine, user, scores)
    there = (await graphql.execute(query, **wanted, first=200))["sessions"]["nodes"]
    assert len(there) == len(scores)

    walked: list[dict[str, Any]] = []
    cursor = None
    while True:
        arguments = (
            {"first": size, "after": cursor} if forward else {"last": size, "before": cursor}
        )
        page = (await graphql.execute(query, **wanted, **arguments))["sessions"]
        walked = walked + page["nodes"] if forward else page["nodes"] + walked
        if not page["pageInfo"]["hasNextPage" if forward else "hasPreviousPage"]:
            break
        cursor = page["pageInfo"]["endCursor" if forward else "startCursor"]
        if added:
            await add_sessions(engine, user, added.pop())

    name = {
        "QUALITY_SCORE": "qualityScore",
        "ENDED_AT": "endedAt",
        "CREATED_AT": "createdAt",
        "LAST_ACTIVITY_AT": "lastActivityAt",
    }[field]
    in_order = sorted(
        walked,
        key=lambda node: (node[name] is not None, node[name], node["id"]),
        reverse=direction == "DESC",
    )
    assert walked == in_order
    assert [node for node in walked if node in there] == there
