"""Confirmations over the API."""

from typing import Any

import pytest

from tests.factories import create_session, event_types, record_tool_call, request_confirmation
from tests.graphql_client import GraphQLClient

DECIDED = """confirmation { status decidedBy deciderType reason editedArguments decidedAt
  toolCall { status success } } session { status }"""


async def test_a_request_makes_call_and_session_wait(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql, arguments={"amount": 5})
    payload = await graphql.record(
        "requestConfirmation",
        """confirmation { status toolName arguments userMessage decidedAt toolCall { status } }
        session { status }""",
        session="session",
        toolCall="call",
        userMessage="Pay?",
    )
    assert call["status"] == "PENDING"
    assert payload["confirmation"] == {
        "status": "PENDING",
        "toolName": "search",
        "arguments": {"amount": 5},
        "userMessage": "Pay?",
        "decidedAt": None,
        "toolCall": {"status": "AWAITING_CONFIRMATION"},
    }
    assert payload["session"] == {"status": "WAITING"}
    assert (await event_types(graphql))[-2:] == [
        "confirmation.requested",
        "session.status_changed",
    ]


@pytest.mark.parametrize(
    ("decision", "status", "success"), [("APPROVED", "PENDING", None), ("DENIED", "DENIED", False)]
)
async def test_a_decision_moves_the_call(
    graphql: GraphQLClient, decision: str, status: str, success: bool | None
) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    confirmation = await request_confirmation(graphql, toolCall=call["id"])
    payload = await graphql.record(
        "decideConfirmation",
        DECIDED,
        confirmation=confirmation["id"],
        decision=decision,
        decidedBy="ann",
        deciderType="USER",
        reason="because",
        editedArguments={"q": 2},
    )
    decided = payload["confirmation"]
    assert decided["status"] == decision
    assert (decided["decidedBy"], decided["deciderType"]) == ("ann", "USER")
    assert (decided["reason"], decided["editedArguments"]) == ("because", {"q": 2})
    assert decided["decidedAt"] is not None
    assert decided["toolCall"] == {"status": status, "success": success}
    assert payload["session"] == {"status": "ACTIVE"}
    ended = ["tool_call.completed"] if decision == "DENIED" else []
    events = ["confirmation.decided", *ended, "session.status_changed"]
    assert (await event_types(graphql))[-len(events) :] == events


async def test_the_first_decision_wins(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    confirmation = await request_confirmation(graphql, toolName="pay")
    decide = {"confirmation": confirmation["id"]}
    for _ in range(2):
        await graphql.record("decideConfirmation", DECIDED, **decide, decision="APPROVED")
    other = await graphql.mutate("decideConfirmation", DECIDED, **decide, decision="DENIED")
    assert (other.error["code"], other.error["currentStatus"]) == ("CONFLICT", "APPROVED")
    clear = await graphql.mutate("clearConfirmation", "replayed", **decide)
    assert (clear.error["code"], clear.error["currentStatus"]) == ("CONFLICT", "APPROVED")
    assert (await event_types(graphql)).count("confirmation.decided") == 1


async def test_a_session_waits_for_the_last_of_several(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    first = await request_confirmation(graphql, toolName="a")
    second = await request_confirmation(graphql, toolName="b")
    statuses = []
    for confirmation in (first, second):
        payload = await graphql.record(
            "decideConfirmation",
            "session { status }",
            confirmation=confirmation["id"],
            decision="DENIED",
        )
        statuses.append(payload["session"]["status"])
    assert statuses == ["WAITING", "ACTIVE"]


async def test_time_runs_out(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    confirmation = await request_confirmation(
        graphql, toolName="pay", expiresAt="2026-01-01T00:00:00Z"
    )
    reply = await graphql.mutate(
        "decideConfirmation", DECIDED, confirmation=confirmation["id"], decision="APPROVED"
    )
    assert (reply.error["code"], reply.error["currentStatus"]) == ("CONFLICT", "EXPIRED")


async def test_a_question_is_withdrawn(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    confirmation = await request_confirmation(graphql, toolCall=call["id"])
    for _ in range(2):
        payload = await graphql.record(
            "clearConfirmation", DECIDED, confirmation=confirmation["id"], reason="moot"
        )
        assert payload["confirmation"]["status"] == "CANCELLED"
        assert payload["confirmation"]["reason"] == "moot"
        assert payload["confirmation"]["toolCall"] == {"status": "CANCELLED", "success": None}
        assert payload["session"] == {"status": "ACTIVE"}


async def test_a_call_is_asked_about_once(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await request_confirmation(graphql, toolCall=call["id"])
    again = await graphql.mutate(
        "requestConfirmation", "replayed", session="session", toolCall=call["id"]
    )
    assert (again.error["code"], again.error["field"]) == ("CONFLICT", "toolCall")


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({}, "BAD_USER_INPUT", "toolName"),
        ({"toolCall": "other"}, "BAD_USER_INPUT", "toolCall"),
        ({"toolCall": "ended"}, "CONFLICT", "toolCall"),
    ],
)
async def test_what_cannot_be_asked(
    graphql: GraphQLClient, values: dict[str, Any], code: str, field: str
) -> None:
    await create_session(graphql)
    await create_session(graphql, "second")
    other = await record_tool_call(graphql, "second")
    ended = await record_tool_call(graphql, toolCallId="ended")
    await graphql.record("recordToolCallResult", "replayed", toolCall=ended["id"], result=1)
    if values.get("toolCall") == "other":
        values = {"toolCall": other["id"]}
    reply = await graphql.mutate("requestConfirmation", "replayed", session="session", **values)
    assert (reply.error["code"], reply.error["field"]) == (code, field)
    data = await graphql.execute('{ session(id: "session") { status } }')
    assert data["session"]["status"] == "ACTIVE"


async def test_an_ended_session_asks_nobody(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await graphql.record("endSession", "replayed", session="session")
    reply = await graphql.mutate(
        "requestConfirmation", "replayed", session="session", toolName="pay"
    )
    assert (reply.error["code"], reply.error["currentStatus"]) == ("CONFLICT", "COMPLETED")


async def test_a_call_does_not_run_while_it_waits(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await request_confirmation(graphql, toolCall=call["id"])
    reply = await graphql.mutate(
        "recordToolCallResult", "replayed", toolCall=call["id"], status="RUNNING"
    )
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "status")
    assert reply.error["currentStatus"] == "AWAITING_CONFIRMATION"


async def test_an_approved_call_is_not_asked_about_again(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    asked = await request_confirmation(graphql, toolCall=call["id"])
    await graphql.record(
        "decideConfirmation", "replayed", confirmation=asked["id"], decision="APPROVED"
    )
    reply = await graphql.mutate(
        "requestConfirmation", "replayed", session="session", toolCall=call["id"]
    )
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "toolCall")
