"""Bad input: a clear error that names the field, nothing written, and the server goes on."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import create_agent, create_memory, create_session, nested, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import digest_rows

MESSAGE = {"session": "session", "role": "ASSISTANT"}
STATE = {"session": "session", "moduleId": "module"}
MEMORY = {"type": "fact", "content": 1}
UNKNOWN = "session_01h455vb4pex5vsknk084sn02q"
CASES: list[tuple[str, dict[str, Any], str]] = [
    # ids
    ("recordMessage", {**MESSAGE, "session": ""}, "session"),
    ("recordMessage", {**MESSAGE, "session": " "}, "session"),
    ("recordMessage", {**MESSAGE, "session": "a\x00b"}, "session"),
    ("recordMessage", {**MESSAGE, "session": "s" * 513}, "session"),
    ("recordMessage", {**MESSAGE, "session": "agent_01h455vb4pex5vsknk084sn02q"}, "session"),
    (
        "createMemoryAnnotation",
        {"memory": UNKNOWN, "annotationType": "a", "content": 1, "annotatorKind": "CODE"},
        "memory",
    ),
    ("decideConfirmation", {"confirmation": UNKNOWN, "decision": "DENIED"}, "confirmation"),
    ("activateAgentVersion", {"agentVersion": UNKNOWN.upper()}, "agentVersion"),
    (
        "activateAgentVersion",
        {"agentVersion": "agent_version_01h455vb4pex5vsknk084sn02O"},
        "agentVersion",
    ),
    (
        "activateAgentVersion",
        {"agentVersion": "agent_version_81h455vb4pex5vsknk084sn02q"},
        "agentVersion",
    ),
    ("recordMemoryAccess", {"memory": "a\x00b", "accessType": "READ"}, "memory"),
    # names
    ("createAgent", {"agentId": "", "name": "A"}, "agentId"),
    ("createAgent", {"agentId": "a", "name": "\t"}, "name"),
    ("createAgent", {"agentId": "a" * 513, "name": "A"}, "agentId"),
    ("createAgent", {"agentId": "agent_01h455vb4pex5vsknk084sn02q", "name": "A"}, "agentId"),
    ("createMemory", {**MEMORY, "memoryId": ""}, "memoryId"),
    ("createMemory", {**MEMORY, "memoryId": "a" * 513}, "memoryId"),
    ("createMemory", {**MEMORY, "memoryId": UNKNOWN}, "memoryId"),
    (
        "createMemory",
        {**MEMORY, "relations": [{"memory": "", "relationType": "RELATED"}]},
        "relations.0.memory",
    ),
    ("createSession", {"sessionId": UNKNOWN}, "sessionId"),
    ("createSession", {"sessionId": ""}, "sessionId"),
    ("createSession", {"source": "s" * 513}, "source"),
    ("createSession", {"tags": ["a", ""]}, "tags.1"),
    ("createSession", {"tags": ["a\x00"]}, "tags.0"),
    ("createSession", {"tags": ["a"] * 1001}, "tags"),
    ("createSessionEvent", {"session": "session", "eventType": ""}, "eventType"),
    ("upsertModuleState", {**STATE, "moduleId": "", "state": 1}, "moduleId"),
    # text
    ("recordMessage", {**MESSAGE, "content": "a\x00b"}, "content"),
    ("recordMessage", {**MESSAGE, "content": "a" * 4_000_001}, "content"),
    (
        "recordMessage",
        {**MESSAGE, "toolCalls": [{"toolName": "a", "toolCallId": "\x00"}]},
        "toolCalls.0.toolCallId",
    ),
    ("recordMessage", {**MESSAGE, "toolCalls": [{"toolName": "a"}] * 1001}, "toolCalls"),
    # numbers
    ("recordMessage", {**MESSAGE, "inputTokens": -1}, "inputTokens"),
    ("recordMessage", {**MESSAGE, "inputTokens": 2**31}, "inputTokens"),
    ("recordMessage", {**MESSAGE, "durationMs": -1}, "durationMs"),
    ("recordMessage", {**MESSAGE, "costUsd": "-0.01"}, "costUsd"),
    ("recordMessage", {**MESSAGE, "costUsd": "1e400"}, "costUsd"),
    ("recordMessage", {**MESSAGE, "costUsd": "0.0000000000001"}, "costUsd"),
    ("recordMessage", {**MESSAGE, "costUsd": "NaN"}, "costUsd"),
    ("recordMessage", {**MESSAGE, "costUsd": "ten"}, "costUsd"),
    ("recordMessage", {**MESSAGE, "costUsd": True}, "costUsd"),
    ("endSession", {"session": "session", "qualityScore": 1.1}, "qualityScore"),
    ("endSession", {"session": "session", "userSatisfaction": -0.1}, "userSatisfaction"),
    ("createMemory", {**MEMORY, "importance": 2}, "importance"),
    ("createMemory", {**MEMORY, "embedding": [1e39]}, "embedding"),
    ("createMemory", {**MEMORY, "embedding": [0.1] * 16_001}, "embedding"),
    # JSON
    ("createSession", {"context": nested(65)}, "context"),
    ("createSession", {"metadata": {"a": {"b\x00": 1}}}, "metadata"),
    ("createSession", {"metadata": ["a\x00"]}, "metadata"),
    ("createSession", {"metadata": 2**64}, "metadata"),
    ("createSession", {"metadata": [1e300]}, "metadata"),
    ("createSession", {"metadata": "m" * 8_000_000}, "metadata"),
    ("upsertModuleState", {**STATE, "state": {"a": "\x00"}}, "state"),
    ("upsertModuleState", {**STATE, "state": nested(65)}, "state"),
    (
        "recordMessage",
        {**MESSAGE, "toolCalls": [{"toolName": "a"}, {"toolName": "a", "arguments": "\x00"}]},
        "toolCalls.1.arguments",
    ),
    # times
    ("createSession", {"startedAt": "0001-01-01T00:00:00Z"}, "startedAt"),
    ("createSession", {"startedAt": "9999-12-31T23:59:59.999999Z"}, "startedAt"),
    ("createSession", {"startedAt": "2026-01-01T00:00:00"}, "startedAt"),
    ("createSession", {"startedAt": "yesterday"}, "startedAt"),
    ("createSession", {"startedAt": 1_700_000_000}, "startedAt"),
    # memories whose end lies before their beginning
    (
        "createMemory",
        {**MEMORY, "validAt": "2026-02-01T00:00:00Z", "invalidAt": "2026-01-01T00:00:00Z"},
        "invalidAt",
    ),
    # what the schema itself refuses
    ("recordMessage", {**MESSAGE, "role": "PARROT"}, "role"),
    ("recordMessage", {**MESSAGE, "content": 1}, "content"),
    ("recordMessage", {**MESSAGE, "unknown": 1}, "input"),
    ("recordMessage", {"role": "USER"}, "input"),
]


@pytest.fixture
async def _server(graphql: GraphQLClient, engine: AsyncEngine) -> AsyncIterator[None]:
    await create_session(graphql)
    before = await digest_rows(engine)
    yield
    assert await digest_rows(engine) == before
    assert (await record_message(graphql))["sequence"] == 1


@pytest.mark.usefixtures("_server")
@pytest.mark.parametrize(("mutation", "values", "field"), CASES)
async def test_a_mutation_refuses(
    graphql: GraphQLClient, mutation: str, values: dict[str, Any], field: str
) -> None:
    reply = await graphql.mutate(mutation, "replayed", **values)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", field)
    assert len(reply.error["message"]) < 300


@pytest.mark.usefixtures("_server")
@pytest.mark.parametrize(
    ("mutation", "values", "field"),
    [
        ("recordMessage", {**MESSAGE, "session": "nobody"}, "session"),
        ("recordMessage", {**MESSAGE, "session": UNKNOWN}, "session"),
        ("createSession", {"parent": "nobody"}, "parent"),
        ("createSession", {"agent": "nobody"}, "agent"),
        ("upsertModuleState", {**STATE, "session": "nobody", "state": 1}, "session"),
        ("createMemory", {**MEMORY, "agent": "nobody"}, "agent"),
        ("recordToolCallResult", {"session": "session", "toolCall": "nobody"}, "toolCall"),
        ("deleteSession", {"session": "nobody"}, "session"),
        ("recordMemoryAccess", {"memory": "nothing", "accessType": "READ"}, "memory"),
        ("deleteMemory", {"memory": "nothing"}, "memory"),
        ("deleteMemory", {"memory": "memory_01h455vb4pex5vsknk084sn02q"}, "memory"),
        (
            "createMemory",
            {**MEMORY, "relations": [{"memory": "nothing", "relationType": "RELATED"}]},
            "relations.0.memory",
        ),
    ],
)
async def test_a_mutation_finds_nothing(
    graphql: GraphQLClient, mutation: str, values: dict[str, Any], field: str
) -> None:
    reply = await graphql.mutate(mutation, "replayed", **values)
    assert (reply.error["code"], reply.error["field"]) == ("NOT_FOUND", field)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("first: -1", "first"),
        ("first: 201", "first"),
        ("last: -1", "last"),
        ("last: 2147483647", "last"),
        ("first: 1, last: 1", "last"),
        ('after: ""', "after"),
        ('after: "!!!"', "after"),
        ('after: "ünï"', "after"),
        ('after: "bnVsbA"', "after"),
        ('after: "W10"', "after"),
        ('after: "WyJlNjI4MGViZSJd"', "after"),
        ('before: "WzEsMiwzXQ"', "before"),
    ],
)
@pytest.mark.parametrize("connection", ["sessions", "agents", "memories"])
async def test_a_page_refuses(
    graphql: GraphQLClient, connection: str, arguments: str, field: str
) -> None:
    reply = await graphql.send(f"{{ {connection}({arguments}) {{ nodes {{ id }} }} }}")
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", field)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ('session(id: "")', "id"),
        ('session(id: "a\\u0000")', "id"),
        ('session(id: "agent_01h455vb4pex5vsknk084sn02q")', "id"),
        ('message(id: "session_01h455vb4pex5vsknk084sn02q")', "id"),
        ('message(id: "hello")', "id"),
        ('node(id: "hello")', "id"),
        ('nodes(ids: ["session_01h455vb4pex5vsknk084sn02q", "hello"])', "ids.1"),
    ],
)
async def test_a_query_refuses(graphql: GraphQLClient, query: str, field: str) -> None:
    reply = await graphql.send(f"{{ {query} {{ id }} }}")
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", field)


async def test_too_many_nodes_at_once(graphql: GraphQLClient) -> None:
    ids = ["session_01h455vb4pex5vsknk084sn02q"] * 201
    reply = await graphql.send("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "ids")


async def test_the_largest_that_is_taken(graphql: GraphQLClient) -> None:
    await create_agent(graphql, "a" * 512)
    context = {"deep": nested(62), "number": 2**63 - 1, "small": -(2**63), "text": "🙂\\u0000"}
    await create_session(graphql, "s" * 512, tags=["t"] * 1000, context=context)
    data = await graphql.execute(
        "query ($id: ID!) { session(id: $id) { context tags } }", id="s" * 512
    )
    assert data["session"] == {"context": context, "tags": ["t"] * 1000}
    await create_memory(graphql, embedding=[0.5] * 16_000, content=[1.5, -0.25, 1e-7, True, None])


async def test_one_failure_leaves_its_siblings(graphql: GraphQLClient) -> None:
    reply = await graphql.send(
        """mutation {
          a: createSession(input: {sessionId: "a"}) { session { sessionId } }
          b: createSession(input: {parent: "nobody"}) { session { sessionId } }
          c: createSession(input: {sessionId: "c", parent: "a"}) { session { depth } }
        }"""
    )
    assert reply.error["code"] == "NOT_FOUND"
    assert reply.data == {
        "a": {"session": {"sessionId": "a"}},
        "b": None,
        "c": {"session": {"depth": 1}},
    }


@pytest.mark.usefixtures("_server")
@pytest.mark.parametrize("depth", [300, 1_000, 100_000])
@pytest.mark.parametrize("key", [None, "key"])
async def test_json_that_is_nested_too_deep(
    graphql: GraphQLClient, depth: int, key: str | None
) -> None:
    context = "[" * depth + "]" * depth
    query = """mutation ($c: JSON, $k: String) {
      createSession(input: {context: $c, idempotencyKey: $k}) { created }
    }""".replace("\n", " ")
    key = "null" if key is None else f'"{key}"'
    body = f'{{"query": "{query}", "variables": {{"k": {key}, "c": {context}}}}}'
    response = await graphql.http.post(
        "/graphql", content=body, headers={"content-type": "application/json"}
    )
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "data" not in response.json() or response.json()["data"] == {"createSession": None}
