"""Tool calls over the API."""

from tests.factories import (
    create_session,
    event_types,
    feed,
    record_message,
    record_tool_call,
    request_confirmation,
)
from tests.graphql_client import GraphQLClient

CALL = "toolCall { id status success result errorType errorMessage startedAt endedAt durationMs }"


async def test_a_result_ends_a_call(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    payload = await graphql.record(
        "recordToolCallResult",
        CALL,
        toolCall=call["id"],
        result={"b": 1, "a": [2]},
        startedAt="2026-01-01T00:00:00Z",
        endedAt="2026-01-01T00:00:01Z",
        durationMs=1000,
    )
    assert payload["toolCall"] == {
        "id": call["id"],
        "status": "SUCCEEDED",
        "success": True,
        "result": {"b": 1, "a": [2]},
        "errorType": None,
        "errorMessage": None,
        "startedAt": "2026-01-01T00:00:00Z",
        "endedAt": "2026-01-01T00:00:01Z",
        "durationMs": 1000,
    }
    last = (await feed(graphql))[-1]
    assert (last["eventType"], last["eventData"]) == (
        "tool_call.completed",
        {"status": "SUCCEEDED"},
    )


async def test_a_call_is_named_by_the_runtime_too(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    payload = await graphql.record(
        "recordToolCallResult", CALL, session="session", toolCall="call", status="RUNNING"
    )
    assert payload["toolCall"]["id"] == call["id"]
    assert payload["toolCall"]["status"] == "RUNNING"
    assert payload["toolCall"]["startedAt"] is not None
    without = await graphql.mutate("recordToolCallResult", CALL, toolCall="call")
    assert (without.error["code"], without.error["field"]) == ("BAD_USER_INPUT", "session")


async def test_failures_are_counted(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    payload = await graphql.record(
        "recordToolCallResult",
        f"{CALL} session {{ failedToolCallCount }}",
        toolCall=call["id"],
        status="FAILED",
        errorType="TimeoutError",
        errorMessage="No answer",
    )
    assert payload["toolCall"]["success"] is False
    assert payload["toolCall"]["errorType"] == "TimeoutError"
    assert payload["toolCall"]["endedAt"] is not None
    assert payload["session"] == {"failedToolCallCount": 1}


async def test_the_first_end_stays(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    for _ in range(2):
        await graphql.record("recordToolCallResult", CALL, toolCall=call["id"], result=[1])
    for values in ({"result": [2]}, {"status": "FAILED"}):
        reply = await graphql.mutate("recordToolCallResult", CALL, toolCall=call["id"], **values)
        assert (reply.error["code"], reply.error["currentStatus"]) == ("CONFLICT", "SUCCEEDED")
    assert (await event_types(graphql)).count("tool_call.completed") == 1


async def test_a_call_that_ends_gives_up_its_confirmation(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await request_confirmation(graphql, toolCall=call["id"])
    payload = await graphql.record(
        "recordToolCallResult",
        "toolCall { status confirmation { status } } session { status }",
        toolCall=call["id"],
        status="CANCELLED",
    )
    assert payload["toolCall"] == {"status": "CANCELLED", "confirmation": {"status": "CANCELLED"}}
    assert payload["session"] == {"status": "ACTIVE"}


async def test_pending_is_no_result(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    reply = await graphql.mutate(
        "recordToolCallResult", CALL, toolCall=call["id"], status="PENDING"
    )
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "status")


async def test_an_end_before_the_start_is_refused(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    reply = await graphql.mutate(
        "recordToolCallResult",
        CALL,
        toolCall=call["id"],
        startedAt="2026-01-02T00:00:00Z",
        endedAt="2026-01-01T00:00:00Z",
    )
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "endedAt")


async def test_a_repeated_id_is_another_attempt(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    first = await record_tool_call(graphql)
    second = await record_tool_call(graphql)
    assert (first["attempt"], second["attempt"]) == (1, 2)
    same = {"toolName": "search", "toolCallId": "call"}
    third = await record_message(graphql, role="ASSISTANT", toolCalls=[same, same])
    assert [call["attempt"] for call in third["toolCalls"]] == [3, 4]
    payload = await graphql.record(
        "recordToolCallResult", "toolCall { id }", session="session", toolCall="call", result=1
    )
    assert payload["toolCall"]["id"] == third["toolCalls"][1]["id"]


async def test_a_tool_message_answers_its_call(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    answer = await record_message(graphql, role="TOOL", toolCallId="call", content='{"a": 1}')
    data = await graphql.execute(
        "query ($id: ID!) { toolCall(id: $id) { status result resultMessage { id } } }",
        id=call["id"],
    )
    assert data["toolCall"] == {
        "status": "SUCCEEDED",
        "result": '{"a": 1}',
        "resultMessage": {"id": answer["id"]},
    }
    await record_message(graphql, role="TOOL", toolCallId="call", content="again")
    data = await graphql.execute(
        "query ($id: ID!) { toolCall(id: $id) { resultMessage { id } } }", id=call["id"]
    )
    assert data["toolCall"]["resultMessage"] == {"id": answer["id"]}


async def test_an_answer_keeps_a_result_that_is_there(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await graphql.record("recordToolCallResult", CALL, toolCall=call["id"], status="FAILED")
    answer = await record_message(graphql, role="TOOL", toolCallId="call", content="sorry")
    data = await graphql.execute(
        "query ($id: ID!) { toolCall(id: $id) { status result resultMessage { id } } }",
        id=call["id"],
    )
    assert data["toolCall"] == {
        "status": "FAILED",
        "result": None,
        "resultMessage": {"id": answer["id"]},
    }


async def test_an_answer_without_a_call_is_kept(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    payload = await graphql.record(
        "recordMessage",
        "message { toolCallId content }",
        session="session",
        role="TOOL",
        toolCallId="nowhere",
        content="lost",
    )
    assert payload["message"] == {"toolCallId": "nowhere", "content": "lost"}
