"""Retries: the same key again gives the first answer and writes nothing."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    record_message,
    record_tool_call,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient
from tests.invariants import count_rows


async def _inputs(graphql: GraphQLClient) -> dict[str, tuple[str, dict[str, Any]]]:
    """An input for each mutation, and what to select of its answer."""
    await create_agent(graphql)
    version = await create_agent_version(graphql)
    await create_session(graphql)
    memory = await create_memory(graphql)
    remark = await graphql.record(
        "createMemoryAnnotation",
        "memoryAnnotation { id }",
        memory=memory["id"],
        annotationType="note",
        content=1,
        annotatorKind="CODE",
    )
    call = await record_tool_call(graphql)
    first = await request_confirmation(graphql, toolName="first")
    second = await request_confirmation(graphql, toolName="second")
    await upsert_state(graphql, {"a": 1})
    session = {"session": "session"}
    return {
        "createSession": ("session { id }", {"title": "Title"}),
        "updateSession": ("session { id }", {**session, "title": "Changed"}),
        "endSession": ("session { id }", session),
        "recordMessage": (
            "message { id } toolCalls { id }",
            {**session, "role": "ASSISTANT", "toolCalls": [{"toolName": "a"}, {"toolName": "b"}]},
        ),
        "recordToolCallResult": ("toolCall { id }", {"toolCall": call["id"], "result": 1}),
        "upsertModuleState": (
            "stateTransition { id }",
            {**session, "moduleId": "other", "state": 1},
        ),
        "recordStateTransition": (
            "stateTransition { id }",
            {**session, "moduleId": "module", "newValues": {"a": 2}},
        ),
        "createAgent": ("agent { id }", {"agentId": "other", "name": "Other"}),
        "createAgentVersion": ("agentVersion { id }", {"agent": "agent", "versionNumber": "2"}),
        "activateAgentVersion": ("agentVersion { id }", {"agentVersion": version["id"]}),
        "createMemory": ("memory { id }", {"type": "fact", "content": 1}),
        "updateMemory": ("memory { id }", {"memory": memory["id"], "importance": 1}),
        "recordMemoryAccess": (
            "memoryAccess { id }",
            {"memory": memory["id"], "accessType": "READ"},
        ),
        "createMemoryAnnotation": (
            "memoryAnnotation { id }",
            {
                "memory": memory["id"],
                "annotationType": "note",
                "content": 1,
                "annotatorKind": "LLM",
            },
        ),
        "applyMemoryAnnotation": (
            "memoryAnnotation { id }",
            {"memoryAnnotation": remark["memoryAnnotation"]["id"]},
        ),
        "createSessionEvent": ("sessionEvent { id }", {**session, "eventType": "own"}),
        "recordSessionMetric": (
            "sessionMetric { id }",
            {**session, "metricType": "m", "metricValue": 1},
        ),
        "recordAgentMetric": (
            "agentMetric { id }",
            {"agent": "agent", "metricType": "m", "metricValue": 1},
        ),
        "requestConfirmation": ("confirmation { id }", {**session, "toolName": "third"}),
        "decideConfirmation": (
            "confirmation { id }",
            {"confirmation": first["id"], "decision": "DENIED"},
        ),
        "clearConfirmation": ("confirmation { id }", {"confirmation": second["id"]}),
        "deleteSession": ("deletedSessionId deletedSessionCount", session),
    }


async def test_every_mutation_can_be_sent_again(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    inputs = await _inputs(graphql)
    data = await graphql.execute("{ __schema { mutationType { fields { name } } } }")
    assert set(inputs) == {field["name"] for field in data["__schema"]["mutationType"]["fields"]}
    del inputs["endSession"], inputs["deleteSession"]
    for mutation, (selection, values) in inputs.items():
        keyed = {**values, "idempotencyKey": f"key of {mutation}"}
        first = await graphql.record(mutation, f"replayed {selection}", **keyed)
        before = await count_rows(engine)
        again = await graphql.record(mutation, f"replayed {selection}", **keyed)
        assert first["replayed"] is False
        assert again == {**first, "replayed": True}, mutation
        assert await count_rows(engine) == before, mutation


async def test_a_delete_can_be_sent_again(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    for replayed in (False, True):
        payload = await graphql.record(
            "deleteSession",
            "deletedSessionCount replayed",
            session="session",
            idempotencyKey="delete",
        )
        assert payload == {"deletedSessionCount": 1, "replayed": replayed}


async def test_a_key_belongs_to_one_input(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = {"session": "session", "role": "USER", "content": "a", "idempotencyKey": "key"}
    await graphql.record("recordMessage", "replayed", **message)
    changes: list[dict[str, Any]] = [{"content": "b"}, {"content": None}, {"metadata": {}}]
    for changed in changes:
        reply = await graphql.mutate("recordMessage", "replayed", **{**message, **changed})
        assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "idempotencyKey")
    event = {"session": "session", "eventType": "own", "idempotencyKey": "key"}
    reply = await graphql.mutate("createSessionEvent", "replayed", **event)
    assert reply.error["code"] == "CONFLICT"


async def test_keys_belong_to_a_project(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    for client in (graphql, other_project):
        payload = await client.record(
            "createSession", "replayed", title="Title", idempotencyKey="key"
        )
        assert payload["replayed"] is False


async def test_a_failure_does_not_use_up_the_key(graphql: GraphQLClient) -> None:
    message = {"session": "session", "role": "USER", "content": "a", "idempotencyKey": "key"}
    reply = await graphql.mutate("recordMessage", "replayed", **message)
    assert reply.error["code"] == "NOT_FOUND"
    await create_session(graphql)
    payload = await graphql.record("recordMessage", "replayed", **message)
    assert payload["replayed"] is False


async def test_a_replay_shows_what_is_there_now(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    memory = {"type": "fact", "content": 1, "session": "session", "idempotencyKey": "key"}
    first = await graphql.record("createMemory", "memory { id importance }", **memory)
    await graphql.record("updateMemory", "replayed", memory=first["memory"]["id"], importance=1)
    again = await graphql.record("createMemory", "memory { importance }", **memory)
    assert again["memory"] == {"importance": 1.0}


async def test_one_of_many_at_once_writes(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    sent = [
        graphql.record(
            "recordMessage",
            "replayed message { id sequence }",
            session="session",
            role="USER",
            content="once",
            idempotencyKey="key",
        )
        for _ in range(20)
    ]
    answers = await asyncio.gather(*sent)
    assert {answer["message"]["id"] for answer in answers} == {answers[0]["message"]["id"]}
    assert sum(not answer["replayed"] for answer in answers) == 1
    assert (await record_message(graphql))["sequence"] == 2


@pytest.mark.parametrize("key", ["", " ", "k" * 513, "a\x00b"])
async def test_a_key_is_a_name(graphql: GraphQLClient, key: str) -> None:
    reply = await graphql.mutate("createSession", "replayed", idempotencyKey=key)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "idempotencyKey")
