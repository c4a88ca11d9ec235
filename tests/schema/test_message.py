"""Messages over the API."""

import pytest

from tests.factories import create_session, feed, record_message
from tests.graphql_client import GraphQLClient

EVERYTHING = """message {
  sequence role name content parts responseType status error provider requestModel responseModel
  responseId finishReasons inputTokens outputTokens cacheReadInputTokens cacheCreationInputTokens
  reasoningOutputTokens costUsd timeToFirstChunkMs durationMs traceId spanId metadata createdAt
}"""


async def test_a_message_keeps_everything(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    values = {
        "role": "ASSISTANT",
        "name": "writer",
        "content": 'Line 1\nLine 2 with ünïcode 🙂 and \\ and "quotes"',
        "parts": {"b": [1, 2.50, None], "a": {"z": "ä", "y": True}},
        "responseType": "text",
        "status": "INTERRUPTED",
        "error": "broken off",
        "provider": "provider",
        "requestModel": "model",
        "responseModel": "model-1",
        "responseId": "response",
        "finishReasons": ["stop", "length"],
        "inputTokens": 100,
        "outputTokens": 20,
        "cacheReadInputTokens": 50,
        "cacheCreationInputTokens": 10,
        "reasoningOutputTokens": 5,
        "costUsd": "0.001234",
        "timeToFirstChunkMs": 120,
        "durationMs": 900,
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "spanId": "00f067aa0ba902b7",
        "metadata": {"k": 1},
        "createdAt": "2026-01-01T00:00:00.000001Z",
    }
    payload = await graphql.record("recordMessage", EVERYTHING, session="session", **values)
    assert payload["message"] == {"sequence": 1, **values}


async def test_defaults(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    payload = await graphql.record("recordMessage", EVERYTHING, session="session", role="USER")
    message = payload["message"]
    assert message["status"] == "COMPLETE"
    assert message["metadata"] == {}
    assert message["finishReasons"] == []
    empty = ("content", "parts", "name", "error", "inputTokens", "costUsd", "durationMs")
    assert all(message[name] is None for name in empty)


async def test_messages_are_counted_and_numbered(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_message(graphql, inputTokens=3, costUsd="0.1")
    call = {"toolName": "search"}
    second = await record_message(
        graphql, role="ASSISTANT", outputTokens=4, costUsd="0.02", toolCalls=[call, call]
    )
    assert second["sequence"] == 2
    data = await graphql.execute(
        """{ session(id: "session") {
          messageCount toolCallCount inputTokens outputTokens costUsd lastActivityAt startedAt
        } }"""
    )
    session = data["session"]
    assert session["messageCount"] == 2
    assert session["toolCallCount"] == 2
    assert (session["inputTokens"], session["outputTokens"]) == (3, 4)
    assert session["costUsd"] == "0.12"
    assert session["lastActivityAt"] > session["startedAt"]


async def test_each_record_is_in_the_feed(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = await record_message(graphql, role="ASSISTANT", toolCalls=[{"toolName": "search"}])
    events = (await feed(graphql))[1:]
    assert [event["eventType"] for event in events] == ["message.recorded", "tool_call.recorded"]
    assert events[0]["subject"] == {"__typename": "Message", "id": message["id"]}
    assert events[1]["subject"] == {"__typename": "ToolCall", "id": message["toolCalls"][0]["id"]}


async def test_tool_calls_of_one_message_may_differ_in_what_they_tell(
    graphql: GraphQLClient,
) -> None:
    await create_session(graphql)
    calls = [
        {"toolName": "a", "status": "RUNNING", "arguments": [1]},
        {"toolName": "b"},
        {"toolName": "c", "toolType": "function", "durationMs": 0},
    ]
    payload = await graphql.record(
        "recordMessage",
        "toolCalls { index toolName toolType status arguments durationMs }",
        session="session",
        role="ASSISTANT",
        toolCalls=calls,
    )
    assert [tuple(call.values()) for call in payload["toolCalls"]] == [
        (0, "a", None, "RUNNING", [1], None),
        (1, "b", None, "PENDING", None, None),
        (2, "c", "function", "PENDING", None, 0),
    ]


async def test_tool_calls_that_have_ended_already(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    calls = [
        {"toolName": "a", "status": "FAILED", "errorType": "TimeoutError"},
        {"toolName": "b", "status": "SUCCEEDED", "result": 1, "startedAt": "2100-01-01T00:00:00Z"},
    ]
    payload = await graphql.record(
        "recordMessage",
        "message { createdAt } toolCalls { success endedAt } session { failedToolCallCount }",
        session="session",
        role="ASSISTANT",
        toolCalls=calls,
    )
    assert payload["session"] == {"failedToolCallCount": 1}
    failed, succeeded = payload["toolCalls"]
    assert failed == {"success": False, "endedAt": payload["message"]["createdAt"]}
    assert succeeded == {"success": True, "endedAt": "2100-01-01T00:00:00Z"}
    events = [event["eventType"] for event in (await feed(graphql))[2:]]
    assert events == ["tool_call.recorded", "tool_call.completed"] * 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (
            {
                "role": "ASSISTANT",
                "toolCalls": [{"toolName": "a", "status": "AWAITING_CONFIRMATION"}],
            },
            "toolCalls.0.status",
        ),
        ({"role": "USER", "toolCalls": [{"toolName": "a"}]}, "toolCalls"),
        ({"role": "USER", "toolCallId": "call"}, "toolCallId"),
        (
            {"role": "ASSISTANT", "toolCalls": [{"toolName": "a"}, {"toolName": ""}]},
            "toolCalls.1.toolName",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused(
    graphql: GraphQLClient, values: dict[str, object], field: str
) -> None:
    await create_session(graphql)
    reply = await graphql.mutate("recordMessage", "replayed", session="session", **values)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", field)
    data = await graphql.execute('{ session(id: "session") { messages { totalCount } } }')
    assert data["session"]["messages"]["totalCount"] == 0


async def test_an_ended_session_still_takes_what_comes_late(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await graphql.record("endSession", "replayed", session="session")
    late = await record_message(graphql)
    assert late["sequence"] == 1
