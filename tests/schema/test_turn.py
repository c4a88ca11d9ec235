"""Turns: what a runtime has at the end of a turn, in one mutation."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import create_memory, create_session, event_types, upsert_state
from tests.graphql_client import GraphQLClient
from tests.invariants import digest_rows

TURN = """replayed session { messageCount toolCallCount failedToolCallCount inputTokens costUsd }
  messages { id sequence role content toolCalls { nodes { id } } }
  toolCalls { id toolName status result }
  stateTransitions { id revision moduleState { moduleId } }
  memoryAccesses { id message { sequence } memory { accessCount } }
  sessionMetrics { id metricType }"""


async def turn(graphql: GraphQLClient) -> dict[str, Any]:
    memory = await create_memory(graphql)
    asked = {"role": "ASSISTANT", "content": "", "inputTokens": 7, "costUsd": "0.25"}
    calls = [
        {"toolName": "search", "toolCallId": "a", "arguments": {"q": 1}},
        {"toolName": "buy", "toolCallId": "b", "status": "FAILED", "errorMessage": "none left"},
    ]
    return {
        "session": "session",
        "messages": [
            {"role": "USER", "content": "Find it"},
            {**asked, "toolCalls": calls},
            {"role": "TOOL", "toolCallId": "a", "content": "here"},
            {"role": "ASSISTANT", "content": "Found it.", "inputTokens": 3},
        ],
        "moduleStates": [{"moduleId": "plan", "state": {"step": 1}}],
        "stateTransitions": [{"moduleId": "plan", "newValues": {"step": 2}}],
        "memoryAccesses": [{"memory": memory["id"], "accessType": "READ"}] * 2,
        "sessionMetrics": [{"metricType": "latency", "metricValue": 12}],
    }


async def test_a_turn_is_recorded_whole(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    answer = await graphql.record("recordTurn", TURN, **await turn(graphql))
    assert answer["session"] == {
        "messageCount": 4,
        "toolCallCount": 2,
        "failedToolCallCount": 1,
        "inputTokens": 10,
        "costUsd": "0.25",
    }
    assert [message["sequence"] for message in answer["messages"]] == [1, 2, 3, 4]
    assert answer["messages"][1]["toolCalls"]["nodes"] == [
        {"id": call["id"]} for call in answer["toolCalls"]
    ]
    calls = [(call["toolName"], call["status"], call["result"]) for call in answer["toolCalls"]]
    assert calls == [("search", "SUCCEEDED", "here"), ("buy", "FAILED", None)]
    assert [transition["revision"] for transition in answer["stateTransitions"]] == [1, 2]
    for access in answer["memoryAccesses"]:
        assert access["message"] == {"sequence": 4}
        assert access["memory"] == {"accessCount": 2}
    assert [metric["metricType"] for metric in answer["sessionMetrics"]] == ["latency"]
    assert await event_types(graphql) == [
        "session.created",
        "message.recorded",
        "message.recorded",
        "tool_call.recorded",
        "tool_call.recorded",
        "tool_call.completed",
        "message.recorded",
        "tool_call.completed",
        "message.recorded",
        "state_transition.recorded",
        "state_transition.recorded",
        "memory.accessed",
        "memory.accessed",
        "session_metric.recorded",
    ]


async def test_a_turn_is_told_once(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    values = {**await turn(graphql), "idempotencyKey": "turn 1"}
    first = await graphql.record("recordTurn", TURN, **values)
    before = await digest_rows(engine)
    again = await graphql.record("recordTurn", TURN, **values)
    assert again == {**first, "replayed": True}
    assert await digest_rows(engine) == before


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"session": "nobody"}, "NOT_FOUND", "session"),
        ({"messages": []}, "BAD_USER_INPUT", "messages"),
        ({"messages": [{"role": "USER"}] * 201}, "BAD_USER_INPUT", "messages"),
        (
            {"messages": [{"role": "USER"}, {"role": "USER", "inputTokens": -1}]},
            "BAD_USER_INPUT",
            "messages.1.inputTokens",
        ),
        (
            {"stateTransitions": [{"moduleId": "none", "newValues": {}}]},
            "NOT_FOUND",
            "stateTransitions.0.moduleId",
        ),
        (
            {"moduleStates": [{"moduleId": "old", "state": 1, "expectedRevision": 7}]},
            "CONFLICT",
            "moduleStates.0.expectedRevision",
        ),
        (
            {"sessionMetrics": [{"metricType": "", "metricValue": 1}]},
            "BAD_USER_INPUT",
            "sessionMetrics.0.metricType",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_fault_takes_the_whole_turn_back(
    graphql: GraphQLClient, engine: AsyncEngine, changed: dict[str, Any], code: str, field: str
) -> None:
    await create_session(graphql)
    await upsert_state(graphql, 0, moduleId="old")
    values = {**await turn(graphql), **changed}
    before = await digest_rows(engine)
    reply = await graphql.mutate("recordTurn", "replayed", **values)
    assert (reply.error["code"], reply.error["field"]) == (code, field)
    assert await digest_rows(engine) == before
