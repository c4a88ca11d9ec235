"""What does not fit together in a session."""

from typing import Any

from tests.factories import (
    create_session,
    record_message,
    record_tool_call,
    request_confirmation,
)
from tests.graphql_client import GraphQLClient

INTEGRITY = """query ($id: ID!) { session(id: $id) { integrity {
  callsWithoutResult { toolCallId attempt status } callsWithoutResultCount
  resultsWithoutCall { sequence toolCallId } resultsWithoutCallCount } } }"""
WHOLE = {
    "callsWithoutResult": [],
    "callsWithoutResultCount": 0,
    "resultsWithoutCall": [],
    "resultsWithoutCallCount": 0,
}


async def _integrity(graphql: GraphQLClient, session: str = "session") -> dict[str, Any]:
    data = await graphql.execute(INTEGRITY, id=session)
    integrity: dict[str, Any] = data["session"]["integrity"]
    return integrity


async def _open_calls(graphql: GraphQLClient) -> list[str]:
    integrity = await _integrity(graphql)
    calls = [call["toolCallId"] for call in integrity["callsWithoutResult"]]
    assert integrity["callsWithoutResultCount"] == len(calls)
    return calls


async def test_a_call_is_missed_once_the_session_goes_on(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    assert await _integrity(graphql) == WHOLE
    calls = [{"toolName": "t", "toolCallId": name} for name in ("a", "b", "c", "d")]
    await record_message(graphql, role="ASSISTANT", toolCalls=calls)
    await graphql.record("recordToolCallResult", "replayed", session="session", toolCall="b")
    await graphql.record(
        "recordToolCallResult", "replayed", session="session", toolCall="c", status="RUNNING"
    )
    await record_message(graphql, role="TOOL", toolCallId="d")
    await record_message(graphql, role="SYSTEM")
    assert await _open_calls(graphql) == []  # the others may still come
    await record_message(graphql, role="USER")
    assert await _integrity(graphql) == {
        **WHOLE,
        "callsWithoutResult": [
            {"toolCallId": "a", "attempt": 1, "status": "PENDING"},
            {"toolCallId": "c", "attempt": 1, "status": "RUNNING"},
        ],
        "callsWithoutResultCount": 2,
    }
    await record_message(graphql, role="TOOL", toolCallId="a")
    await graphql.record(
        "recordToolCallResult", "replayed", session="session", toolCall="c", status="CANCELLED"
    )
    assert await _integrity(graphql) == WHOLE


async def test_a_call_is_missed_in_a_session_that_has_ended(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_tool_call(graphql, toolCallId="open")
    asked = await record_tool_call(graphql, toolCallId="asked")
    await request_confirmation(graphql, toolCall=asked["id"])
    assert await _open_calls(graphql) == ["open"]  # the later ASSISTANT message goes on
    await record_tool_call(graphql, toolCallId="last")
    assert await _open_calls(graphql) == ["open", "asked"]
    await graphql.record("endSession", "replayed", session="session")
    assert await _open_calls(graphql) == ["open", "last"]  # its end cancelled the awaited call


async def test_a_result_needs_an_earlier_call_in_its_own_session(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await create_session(graphql, "other")
    await record_tool_call(graphql, "other", toolCallId="theirs")
    for name in ("none", "theirs", "late", None):
        values = {} if name is None else {"toolCallId": name}
        await record_message(graphql, role="TOOL", **values)
    await record_tool_call(graphql, toolCallId="late")
    for name in ("late", "late"):
        await record_message(graphql, role="TOOL", toolCallId=name)
    assert await _integrity(graphql) == {
        **WHOLE,
        "resultsWithoutCall": [
            {"sequence": 1, "toolCallId": "none"},
            {"sequence": 2, "toolCallId": "theirs"},
            {"sequence": 3, "toolCallId": "late"},
            {"sequence": 4, "toolCallId": None},
        ],
        "resultsWithoutCallCount": 4,
    }
    assert await _integrity(graphql, "other") == WHOLE


async def test_two_hundred_are_listed_and_all_are_counted(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    calls = [{"toolName": "t", "toolCallId": str(number)} for number in range(205)]
    await record_message(graphql, role="ASSISTANT", toolCalls=calls)
    await graphql.record("endSession", "replayed", session="session")
    integrity = await _integrity(graphql)
    assert [call["toolCallId"] for call in integrity["callsWithoutResult"]] == [
        str(number) for number in range(200)
    ]
    assert integrity["callsWithoutResultCount"] == 205


async def test_the_same_names_in_another_project_are_another_session(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    for client in (graphql, other_project):
        await create_session(client)
    await record_tool_call(other_project)
    await record_message(graphql, role="TOOL", toolCallId="call")
    await record_message(other_project, role="TOOL", toolCallId="call")
    assert (await _integrity(graphql))["resultsWithoutCallCount"] == 1
    assert await _integrity(other_project) == WHOLE
