"""Filters and orders of connections."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import (
    create_agent,
    create_memory,
    create_session,
    record_message,
    record_tool_call,
)
from tests.graphql_client import GraphQLClient
from tests.history import fill

SESSIONS = """query ($filter: SessionFilter, $orderBy: SessionOrder) {
  sessions(filter: $filter, orderBy: $orderBy, last: 200) { totalCount nodes { sessionId } } }"""


async def find(graphql: GraphQLClient, **arguments: Any) -> list[str]:
    """The names of the sessions that are found, in order; the count agrees with them."""
    data = await graphql.execute(SESSIONS, **arguments)
    assert data["sessions"]["totalCount"] == len(data["sessions"]["nodes"])
    return [node["sessionId"] for node in data["sessions"]["nodes"]]


@pytest.fixture
async def three(graphql: GraphQLClient, other_project: GraphQLClient) -> GraphQLClient:
    """Sessions a, b and c, and one of another project that must never be found."""
    await create_agent(graphql, "helper")
    await create_session(
        graphql,
        "a",
        agent="helper",
        userId="ann",
        tags=["red", "big"],
        source="web",
        purpose="Refund of 100% of an order",
        metadata={"tier": 1, "labels": ["x", "y"]},
        startedAt="2026-01-01T00:00:00Z",
    )
    await create_session(
        graphql,
        "b",
        parent="a",
        userId="bob",
        tags=["red"],
        purpose="a new ORDER",
        context={"deep": {"key": "value", "other": 1}},
        startedAt="2026-01-02T00:00:00Z",
    )
    await create_session(graphql, "c", tags=[], startedAt="2026-01-03T00:00:00Z")
    await record_message(graphql, "b")
    await graphql.record(
        "endSession",
        "replayed",
        session="b",
        status="FAILED",
        qualityScore=0.25,
        endedAt="2026-01-04T00:00:00Z",
    )
    await create_agent(other_project, "helper")
    await create_session(
        other_project, "a", agent="helper", tags=["red"], metadata={"tier": 1}, userId="ann"
    )
    return graphql


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "abc"),
        ({"status": {"eq": "ACTIVE"}}, "ac"),
        ({"status": {"in": ["FAILED", "WAITING"]}}, "b"),
        ({"status": {"ne": "FAILED"}}, "ac"),
        ({"userId": {"eq": "ann"}}, "a"),
        ({"userId": {"ne": "ann"}}, "bc"),
        ({"userId": {"isNull": True}}, "c"),
        ({"userId": {"isNull": False}}, "ab"),
        ({"userId": {"in": []}}, ""),
        ({"userId": {"in": ["bob", "ann", "nobody"]}}, "ab"),
        ({"tags": {"contains": ["red"]}}, "ab"),
        ({"tags": {"contains": ["big", "red"]}}, "a"),
        ({"tags": {"contains": []}}, "abc"),
        ({"tags": {"overlaps": ["big", "small"]}}, "a"),
        ({"tags": {"overlaps": []}}, ""),
        ({"purpose": {"contains": "order"}}, "ab"),
        ({"purpose": {"contains": "100%"}}, "a"),
        ({"purpose": {"contains": "%"}}, "a"),
        ({"purpose": {"contains": "_"}}, ""),
        ({"source": {"eq": "web"}}, "a"),
        ({"metadata": {"contains": {"tier": 1}}}, "a"),
        ({"metadata": {"contains": {"labels": ["y"]}}}, "a"),
        ({"metadata": {"contains": {"tier": "1"}}}, ""),
        ({"metadata": {"contains": {}}}, "abc"),
        ({"context": {"contains": {"deep": {"key": "value"}}}}, "b"),
        ({"qualityScore": {"lt": 0.5}}, "b"),
        ({"qualityScore": {"gte": 0.5}}, ""),
        ({"not": {"qualityScore": {"lt": 0.5}}}, "ac"),
        ({"startedAt": {"gt": "2026-01-01T00:00:00Z", "lte": "2026-01-03T00:00:00Z"}}, "bc"),
        ({"startedAt": {"lt": "2026-01-02T01:00:00+02:00"}}, "a"),
        ({"endedAt": {"isNull": True}}, "ac"),
        ({"messageCount": {"gt": 0}}, "b"),
        ({"inputTokens": {"eq": 0}, "depth": {"eq": 0}}, "ac"),
        ({"costUsd": {"lte": "0.00"}}, "abc"),
        ({"agent": {"eq": "helper"}}, "a"),
        ({"agent": {"ne": "helper"}}, "bc"),
        ({"agent": {"in": ["helper", "nobody"]}}, "a"),
        ({"agent": {"eq": "nobody"}}, ""),
        ({"agent": {"isNull": True}}, "bc"),
        ({"parent": {"eq": "a"}}, "b"),
        ({"root": {"eq": "a"}}, "ab"),
        ({"id": {"in": ["a", "c"]}}, "ac"),
        ({"sessionId": {"eq": "a"}}, "a"),
        ({"and": []}, "abc"),
        ({"or": []}, ""),
        ({"not": {}}, ""),
        ({"and": [{"status": {"eq": "ACTIVE"}}, {"userId": {"isNull": True}}]}, "c"),
        ({"or": [{"userId": {"eq": "bob"}}, {"source": {"eq": "web"}}]}, "ab"),
        ({"not": {"or": [{"userId": {"eq": "bob"}}, {"source": {"eq": "web"}}]}}, "c"),
        ({"userId": {"eq": "ann"}, "not": {"tags": {"contains": ["big"]}}}, ""),
        ({"userId": {"eq": "ann"}, "or": [{"depth": {"eq": 0}}, {"depth": {"eq": 1}}]}, "a"),
    ],
    ids=str,
)
async def test_a_filter_finds_what_it_says(
    three: GraphQLClient, wanted: dict[str, Any], found: str
) -> None:
    assert sorted(await find(three, filter=wanted)) == list(found)


async def test_ids_are_compared_as_ids_or_names(three: GraphQLClient) -> None:
    data = await three.execute('{ session(id: "a") { id agent { id } } }')
    session, agent = data["session"]["id"], data["session"]["agent"]["id"]
    assert await find(three, filter={"agent": {"eq": agent}}) == ["a"]
    assert await find(three, filter={"agent": {"in": ["nobody", agent]}}) == ["a"]
    assert await find(three, filter={"parent": {"in": [session, "c"]}}) == ["b"]
    assert sorted(await find(three, filter={"id": {"in": [session, "c"]}})) == ["a", "c"]
    assert sorted(await find(three, filter={"id": {"ne": session}})) == ["b", "c"]


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"status": {"eq": None}}, "filter.status.eq"),
        ({"status": None}, "filter.status"),
        ({"userId": {"in": ["a"] * 201}}, "filter.userId.in"),
        ({"userId": {"eq": "a\0b"}}, "filter.userId.eq"),
        ({"userId": {"in": ["a", "a\0b"]}}, "filter.userId.in.1"),
        ({"agent": {"eq": ""}}, "filter.agent.eq"),
        ({"spawnedByToolCall": {"eq": "no id"}}, "filter.spawnedByToolCall.eq"),
        ({"metadata": {"contains": None}}, "filter.metadata.contains"),
        ({"metadata": {"contains": {"a": "\0"}}}, "filter.metadata.contains"),
        ({"costUsd": {"eq": "1e40"}}, "filter.costUsd.eq"),
        ({"inputTokens": {"eq": 2**63}}, "filter.inputTokens.eq"),
        ({"or": [{}, {"tags": {"contains": ["a\0"]}}]}, "filter.or.1.tags.contains.0"),
        ({"and": [{"userId": {"eq": "a"}}] * 51}, "filter.and.50.userId"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_filter_that_cannot_be_names_its_place(
    three: GraphQLClient, wanted: dict[str, Any], field: str
) -> None:
    reply = await three.send(SESSIONS, filter=wanted)
    assert reply.error["code"] == "BAD_USER_INPUT"
    # a scalar does not know what argument its variable is for
    assert field.endswith(reply.error["field"])


async def test_a_filter_nested_without_end_is_refused(graphql: GraphQLClient) -> None:
    wanted: dict[str, Any] = {}
    for _ in range(10):
        wanted = {"not": wanted}
    reply = await graphql.send(SESSIONS, filter=wanted)
    assert (reply.error["code"], "nested" in reply.error["message"]) == ("BAD_USER_INPUT", True)


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({"field": "CREATED_AT"}, "abc"),
        ({"field": "CREATED_AT", "direction": "DESC"}, "cba"),
        ({"field": "STARTED_AT", "direction": "DESC"}, "cba"),
        ({"field": "LAST_ACTIVITY_AT"}, "acb"),
        # a null is the least value; rows that are alike stand by their ids
        ({"field": "ENDED_AT"}, "acb"),
        ({"field": "ENDED_AT", "direction": "DESC"}, "bca"),
        ({"field": "QUALITY_SCORE", "direction": "DESC"}, "bca"),
    ],
    ids=str,
)
async def test_an_order_puts_the_least_first(
    three: GraphQLClient, order: dict[str, str], names: str
) -> None:
    assert await find(three, orderBy=order) == list(names)


async def test_nested_connections_filter_for_each_parent(graphql: GraphQLClient) -> None:
    for name in ("a", "b"):
        await create_session(graphql, name)
        for content in ("one", "two", "three"):
            await record_message(graphql, name, content=f"{name} {content}")
        await record_tool_call(graphql, name, toolName=f"tool {name}")
    data = await graphql.execute(
        """{ sessions(orderBy: {field: CREATED_AT}) { nodes {
          messages(first: 2, orderBy: {field: SEQUENCE, direction: DESC},
            filter: {role: {eq: USER}}) { totalCount nodes { content } }
          toolCalls(filter: {toolName: {eq: "tool a"}}) { totalCount nodes { toolName } }
          events(filter: {eventType: {in: ["tool_call.recorded"]}}) { totalCount }
          descendants(filter: {depth: {gt: 0}}) { totalCount }
        } } }"""
    )
    first, second = data["sessions"]["nodes"]
    assert first["messages"] == {
        "totalCount": 3,
        "nodes": [{"content": "a three"}, {"content": "a two"}],
    }
    assert second["messages"]["nodes"] == [{"content": "b three"}, {"content": "b two"}]
    assert first["toolCalls"] == {"totalCount": 1, "nodes": [{"toolName": "tool a"}]}
    assert second["toolCalls"] == {"totalCount": 0, "nodes": []}
    assert first["events"] == second["events"] == {"totalCount": 1}
    assert first["descendants"] == {"totalCount": 0}


async def test_memories_by_what_they_hold(graphql: GraphQLClient) -> None:
    await create_memory(graphql, content={"likes": ["tea", "cake"]}, importance=0.5)
    await create_memory(graphql, content={"likes": ["cake"]}, importance=0.9)
    await create_memory(graphql, content="tea")
    query = """query ($f: MemoryFilter) { memories(filter: $f,
      orderBy: {field: IMPORTANCE, direction: DESC}) { nodes { importance } } }"""
    data = await graphql.execute(query, f={"content": {"contains": {"likes": ["cake"]}}})
    assert [node["importance"] for node in data["memories"]["nodes"]] == [0.9, 0.5]
    data = await graphql.execute(query, f={"content": {"contains": "tea"}})
    assert [node["importance"] for node in data["memories"]["nodes"]] == [None]


async def test_another_projects_rows_are_never_found(
    three: GraphQLClient, other_project: GraphQLClient
) -> None:
    data = await three.execute('{ session(id: "a") { id agent { id } } }')
    theirs = data["session"]
    for wanted in (
        {"id": {"eq": theirs["id"]}},
        {"agent": {"eq": theirs["agent"]["id"]}},
        {"or": [{"userId": {"eq": "bob"}}, {"parent": {"eq": theirs["id"]}}]},
        {"or": [{"status": {"eq": "FAILED"}}, {"tags": {"contains": ["big"]}}]},
    ):
        assert await find(other_project, filter=wanted) == []
    for wanted in ({}, {"or": [{}, {"status": {"eq": "ACTIVE"}}]}, {"not": {"or": []}}):
        assert await find(other_project, filter=wanted) == ["a"]
    assert await find(other_project, filter={"agent": {"eq": "helper"}}) == ["a"]


def _orders(types: dict[str, Any], order_type: str | None) -> list[dict[str, str]]:
    """Every order that an order type knows; a connection may have none."""
    if order_type is None:
        return []
    fields = types[types[order_type]["inputFields"][0]["type"]["ofType"]["name"]]
    return [
        {"field": field["name"], "direction": direction}
        for field in fields["enumValues"]
        for direction in ("ASC", "DESC")
    ]


async def test_every_filter_and_order_can_be_used(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    """Each comparator of each field runs, on each connection of the root."""
    await fill(engine, 1)
    introspected = await graphql.execute(
        """{ __schema { types { kind name enumValues { name } inputFields {
          name type { kind name ofType { kind name ofType { name } } } } }
          queryType { fields { name args { name type { name } } } } } }"""
    )
    types = {kind["name"]: kind for kind in introspected["__schema"]["types"]}
    operands = {
        "ID": "agent_01h455vb4pex5vsknk084sn02q",
        "String": "x",
        "Int": 1,
        "BigInt": 1,
        "Float": 0.5,
        "Decimal": "1.5",
        "DateTime": "2026-01-01T00:00:00Z",
        "Boolean": True,
        "JSON": {"a": 1},
    }
    tried = 0
    for field in introspected["__schema"]["queryType"]["fields"]:
        arguments = {argument["name"]: argument["type"]["name"] for argument in field["args"]}
        if "filter" not in arguments:
            continue
        given = {name: arguments[name] for name in ("filter", "orderBy") if name in arguments}
        declared = ", ".join(f"${name}: {kind}" for name, kind in given.items())
        used = ", ".join(f"{name}: ${name}" for name in given)
        document = (
            f"query ({declared}) {{ {field['name']}({used}) "
            "{ totalCount nodes { id } pageInfo { endCursor } } }"
        )
        for compared in types[arguments["filter"]]["inputFields"]:
            comparator = types[compared["type"]["name"] or "String"]
            for operator in comparator["inputFields"] or ():
                named = operator["type"]
                is_list = named["kind"] == "LIST"
                if is_list:
                    named = named["ofType"]["ofType"]
                kind = types[named["name"]]
                value = operands.get(kind["name"])
                if kind["kind"] == "ENUM":
                    value = kind["enumValues"][0]["name"]
                if compared["name"] not in {"and", "or", "not"}:
                    operand = [value] if is_list else value
                    wanted = {compared["name"]: {operator["name"]: operand}}
                    reply = await graphql.send(document, filter=wanted)
                    codes = {error["extensions"]["code"] for error in reply.errors}
                    assert codes <= {"BAD_USER_INPUT"}, (wanted, reply.errors)
                    tried += 1
        for order in _orders(types, arguments.get("orderBy")):
            await graphql.execute(document, orderBy=order)
    assert tried > 200
