"""Batches: many records in one transaction."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.batch import BATCHED
from resolvers.validation import camel_case
from schema import schema
from tests.factories import create_memory, create_session, event_types, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import count_rows, digest_rows
from tests.mutation_inputs import INPUT_TYPES

RESULTS = "replayed recordedCount results { reference id error { code message field } }"


def history(name: str) -> list[dict[str, Any]]:
    """Records of every kind, which refer to each other."""
    message = {"session": name, "role": "ASSISTANT", "content": "Let me see.", "inputTokens": 5}
    calls = [
        {"toolName": "search", "toolCallId": "c1", "arguments": {"q": 1}},
        {"toolName": "buy", "toolCallId": "c2"},
        {"toolName": "count", "status": "SUCCEEDED", "result": 7},
    ]
    return [
        {"createAgent": {"agentId": f"{name} agent", "name": "Agent"}},
        {
            "reference": "version",
            "createAgentVersion": {"agent": f"{name} agent", "versionNumber": "1"},
        },
        {"createSession": {"sessionId": name, "agent": f"{name} agent", "tags": ["a"]}},
        {"recordMessage": {"session": name, "role": "USER", "content": "Hello"}},
        {"reference": "asked", "recordMessage": {**message, "toolCalls": calls}},
        {
            "recordMessage": {
                "session": name,
                "role": "TOOL",
                "toolCallId": "c1",
                "content": "found",
            }
        },
        {
            "reference": "question",
            "requestConfirmation": {"session": name, "toolCall": "asked.toolCalls.1"},
        },
        {"decideConfirmation": {"confirmation": "question", "decision": "APPROVED"}},
        {"recordToolCallResult": {"toolCall": "c2", "session": name, "status": "FAILED"}},
        {
            "reference": "child",
            "createSession": {
                "sessionId": f"{name} child",
                "parent": name,
                "spawnedByToolCall": "asked.toolCalls.0",
            },
        },
        {"recordMessage": {"session": "child", "role": "USER", "content": "Go"}},
        {"upsertModuleState": {"session": name, "moduleId": "plan", "state": {"step": 0}}},
        {
            "recordStateTransition": {
                "session": name,
                "moduleId": "plan",
                "newValues": {"step": 1, "note": None},
            }
        },
        {
            "upsertModuleState": {
                "session": name,
                "moduleId": "plan",
                "state": {"step": 2},
                "expectedRevision": 2,
                "snapshotReason": "kept",
            }
        },
        {"reference": "old", "createMemory": {"type": "fact", "content": {"a": 1}}},
        {
            "reference": "fact",
            "createMemory": {
                "memoryId": f"{name} fact",
                "type": "fact",
                "content": {"a": 2},
                "session": name,
                "sourceMessage": "asked",
                "relations": [{"memory": "old", "relationType": "SUPERSEDES"}],
            },
        },
        {"updateMemory": {"memory": "fact", "importance": 0.5}},
        {
            "recordMemoryAccess": {
                "memory": "fact",
                "session": name,
                "message": "asked",
                "accessType": "READ",
            }
        },
        {"recordMemoryAccess": {"memory": f"{name} fact", "accessType": "READ"}},
        {
            "reference": "remark",
            "createMemoryAnnotation": {
                "memory": "fact",
                "annotationType": "note",
                "content": 1,
                "annotatorKind": "CODE",
            },
        },
        {"applyMemoryAnnotation": {"memoryAnnotation": "remark"}},
        {"createSessionEvent": {"session": name, "eventType": "own", "eventData": {"x": [1]}}},
        {"recordSessionMetric": {"session": name, "metricType": "m", "metricValue": 1.5}},
        {"recordAgentMetric": {"agentVersion": "version", "metricType": "m", "metricValue": 1}},
        {"updateAgent": {"agent": f"{name} agent", "metadataPatch": {"a": {"b": 1, "c": None}}}},
        {"activateAgentVersion": {"agentVersion": "version"}},
        {"requestConfirmation": {"session": "child", "toolName": "x"}, "reference": "second"},
        {"clearConfirmation": {"confirmation": "second"}},
        {"updateSession": {"session": name, "title": "T", "metadataPatch": {"a": 1}}},
        {"endSession": {"session": "child"}},
        {"endSession": {"session": name, "qualityScore": 0.5}},
    ]


async def test_a_batch_takes_every_mutation_but_those_that_delete() -> None:
    batched = {camel_case(name) for name in BATCHED}
    single = {name for name in INPUT_TYPES if not name.startswith("delete")}
    assert single - batched == {"recordBatch", "recordTurn"}
    assert batched <= single
    record = schema._schema.type_map["BatchRecordInput"]
    assert set(record.fields) == {"reference", *batched}  # type: ignore[attr-defined]


# what differs between any two recordings: ids, times, and hashes that have ids in them
_SAME = """
SELECT '{table}' AS "table", regexp_replace(regexp_replace(t::text,
    '[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}', 'ID', 'g'),
    '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:.+]+', 'TIME', 'g') AS "row"
FROM (SELECT * FROM {table}) t"""


async def rows_alike(engine: AsyncEngine, project: int) -> list[tuple[str, str]]:
    """All rows of a project, without ids and times."""
    rows: list[tuple[str, str]] = []
    async with engine.connect() as connection:
        for table in await count_rows(engine):
            if table in {"projects", "api_keys", "idempotency_keys", "persisted_documents"}:
                continue
            found = await connection.execute(text(_SAME.format(table=table)))
            rows.extend(
                (row.table, row.row) for row in found if row.row[1:].startswith(f"{project},")
            )
    return sorted((table, row.replace(f"({project},", "(")) for table, row in rows)


async def test_a_batch_leaves_what_single_mutations_leave(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    records = history("session")
    batch = await graphql.record("recordBatch", RESULTS, records=records)
    assert batch["recordedCount"] == len(records)
    assert [result["reference"] for result in batch["results"]] == [
        record.get("reference") for record in records
    ]
    # the same records one by one: a record that cannot be makes the server take them singly
    impossible = {"endSession": {"session": "nobody"}}
    singly = await other_project.record(
        "recordBatch", RESULTS, records=[*records, impossible], partial=True
    )
    assert singly["recordedCount"] == len(records)
    assert singly["results"][-1]["error"]["code"] == "NOT_FOUND"
    assert singly["results"][-1]["error"]["field"] == f"records.{len(records)}.endSession.session"
    assert await rows_alike(engine, 1) == await rows_alike(engine, 2)


async def test_nodes_are_given_with_the_results(graphql: GraphQLClient) -> None:
    records = [
        {"createSession": {"sessionId": "session", "title": "T"}},
        {"recordMessage": {"session": "session", "role": "USER", "content": "Hello"}},
    ]
    payload = await graphql.record(
        "recordBatch",
        "results { id node { __typename id ... on Session { title messageCount } "
        "... on Message { content sequence session { sessionId } } } }",
        records=records,
    )
    session, message = [result["node"] for result in payload["results"]]
    assert [result["id"] for result in payload["results"]] == [session["id"], message["id"]]
    assert (session["__typename"], session["messageCount"]) == ("Session", 1)
    assert message["content"] == "Hello"
    assert message["session"] == {"sessionId": "session"}


async def test_one_that_cannot_be_takes_all_back(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    before = await digest_rows(engine)
    message = {"session": "session", "role": "USER"}
    end = {"session": "session"}
    faults: list[tuple[dict[str, Any], str, str]] = [
        ({"endSession": {"session": "nobody"}}, "NOT_FOUND", "endSession.session"),
        (
            {"recordMessage": {**message, "inputTokens": -1}},
            "BAD_USER_INPUT",
            "recordMessage.inputTokens",
        ),
        (
            {"recordMessage": {**message, "costUsd": "-1"}},
            "BAD_USER_INPUT",
            "recordMessage.costUsd",
        ),
        ({}, "BAD_USER_INPUT", ""),
        ({"endSession": end, "updateSession": end}, "BAD_USER_INPUT", ""),
        (
            {"endSession": {**end, "idempotencyKey": "k"}},
            "BAD_USER_INPUT",
            "endSession.idempotencyKey",
        ),
        ({"reference": "first", "endSession": end}, "BAD_USER_INPUT", "reference"),
    ]
    for impossible, code, field in faults:
        records = [
            {"reference": "first", "recordMessage": {"session": "session", "role": "USER"}},
            impossible,
        ]
        reply = await graphql.mutate("recordBatch", RESULTS, records=records)
        assert reply.error["code"] == code, impossible
        assert reply.error["field"] == f"records.1.{field}".rstrip("."), impossible
        assert await digest_rows(engine) == before
    for too_many in ([], [{"endSession": end}] * 1001):
        reply = await graphql.mutate("recordBatch", RESULTS, records=too_many)
        assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "records")


async def test_in_part_each_that_can_be_is_recorded(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    records = [
        {"reference": "a", "recordMessage": {"session": "session", "role": "USER"}},
        {"reference": "b", "recordMessage": {"session": "nobody", "role": "USER"}},
        {"recordMemoryAccess": {"memory": "a", "accessType": "READ"}},
        {"recordMessage": {"session": "session", "role": "USER", "costUsd": "-1"}},
        {"recordMessage": {"session": "session", "role": "USER"}},
    ]
    payload = await graphql.record("recordBatch", RESULTS, records=records, partial=True)
    assert payload["recordedCount"] == 2
    errors = [result["error"] for result in payload["results"]]
    assert [error and error["code"] for error in errors] == [
        None,
        "NOT_FOUND",
        "BAD_USER_INPUT",
        "BAD_USER_INPUT",
        None,
    ]
    assert [error and error["field"] for error in errors[1:4]] == [
        "records.1.recordMessage.session",
        "records.2.recordMemoryAccess.memory",
        "records.3.recordMessage.costUsd",
    ]
    assert [result["id"] is None for result in payload["results"]] == [
        error is not None for error in errors
    ]
    assert await event_types(graphql) == ["session.created", *["message.recorded"] * 2]


@pytest.mark.parametrize("partial", [False, True])
async def test_a_batch_is_told_once(
    graphql: GraphQLClient, engine: AsyncEngine, partial: bool
) -> None:
    records = [*history("session"), {"createSession": {}}]
    if partial:
        records.append({"endSession": {"session": "nobody"}})
    values = {"records": records, "partial": partial, "idempotencyKey": "key"}
    first = await graphql.record("recordBatch", RESULTS, **values)
    before = await digest_rows(engine)
    again = await graphql.record("recordBatch", RESULTS, **values)
    assert again == {**first, "replayed": True}
    assert await digest_rows(engine) == before
    reply = await graphql.mutate("recordBatch", RESULTS, **{**values, "records": records[:1]})
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "idempotencyKey")


async def test_batches_go_on_where_others_ended(graphql: GraphQLClient) -> None:
    """Counters, attempts and revisions of rows that were there before."""
    await create_session(graphql)
    await record_message(
        graphql, toolCalls=[{"toolName": "t", "toolCallId": "c"}], role="ASSISTANT"
    )
    memory = await create_memory(graphql)
    said = {"session": "session", "role": "ASSISTANT"}
    calls = [{"toolName": "t", "toolCallId": "c"}, {"toolName": "t", "toolCallId": "d"}]
    answer = {"session": "session", "role": "TOOL", "toolCallId": "c", "content": "2"}
    records = [
        {"recordMessage": {**said, "toolCalls": calls}},
        {"recordMessage": {**said, "toolCalls": calls}},
        {"recordMessage": answer},
        {"recordMemoryAccess": {"memory": memory["id"], "accessType": "READ"}},
        {"recordMemoryAccess": {"memory": memory["id"], "accessType": "READ"}},
    ]
    await graphql.record("recordBatch", RESULTS, records=records)
    data = await graphql.execute(
        """query ($memory: ID!) { memory(id: $memory) { accessCount }
          session(id: "session") { messageCount toolCallCount
            messages { nodes { sequence } }
            toolCalls { nodes { toolCallId attempt status result } } } }""",
        memory=memory["id"],
    )
    assert data["memory"]["accessCount"] == 2
    session = data["session"]
    assert (session["messageCount"], session["toolCallCount"]) == (4, 5)
    assert [message["sequence"] for message in session["messages"]["nodes"]] == [1, 2, 3, 4]
    told = [(call["toolCallId"], call["attempt"]) for call in session["toolCalls"]["nodes"]]
    assert sorted(told) == [("c", 1), ("c", 2), ("c", 3), ("d", 1), ("d", 2)]
    answered = [call for call in session["toolCalls"]["nodes"] if call["status"] == "SUCCEEDED"]
    assert answered == [{"toolCallId": "c", "attempt": 3, "status": "SUCCEEDED", "result": "2"}]


async def test_another_projects_things_are_not_there(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    memory = await create_memory(graphql)
    before = await digest_rows(engine)
    for record in (
        {"recordMessage": {"session": "session", "role": "USER"}},
        {"recordMemoryAccess": {"memory": memory["id"], "accessType": "READ"}},
    ):
        reply = await other_project.mutate("recordBatch", RESULTS, records=[record])
        assert reply.error["code"] == "NOT_FOUND"
    assert await digest_rows(engine) == before
