"""What happened before it was recorded keeps its own time."""

from typing import Any

import pytest

from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    record_tool_call,
    request_confirmation,
)
from tests.graphql_client import GraphQLClient

ASKED, DECIDED, LATER = (f"2026-01-01T0{hour}:00:00Z" for hour in (1, 2, 3))
EVENTS = """session { lastActivityAt
  events(last: %d) { nodes { eventType occurredAt } } }"""


async def _asked(graphql: GraphQLClient) -> dict[str, Any]:
    await create_session(graphql, startedAt="2026-01-01T00:00:00Z")
    call = await record_tool_call(graphql, startedAt=ASKED)
    return await request_confirmation(
        graphql, toolCall=call["id"], createdAt=ASKED, expiresAt=LATER
    )


@pytest.mark.parametrize(
    ("mutation", "values"),
    [
        ("decideConfirmation", {"decision": "DENIED"}),
        ("clearConfirmation", {}),
    ],
)
async def test_a_decision(graphql: GraphQLClient, mutation: str, values: dict[str, Any]) -> None:
    confirmation = await _asked(graphql)
    payload = await graphql.record(
        mutation,
        "confirmation { createdAt decidedAt toolCall { endedAt } }" + EVENTS % 5,
        confirmation=confirmation["id"],
        decidedAt=DECIDED,
        **values,
    )
    assert payload["confirmation"] == {
        "createdAt": ASKED,
        "decidedAt": DECIDED,
        "toolCall": {"endedAt": DECIDED},
    }
    assert [tuple(event.values()) for event in payload["session"]["events"]["nodes"]] == [
        ("confirmation.requested", ASKED),
        ("session.status_changed", ASKED),
        ("confirmation.decided", DECIDED),
        ("tool_call.completed", DECIDED),
        ("session.status_changed", DECIDED),
    ]


async def test_a_decision_counts_by_its_own_time(graphql: GraphQLClient) -> None:
    confirmation = {"confirmation": (await _asked(graphql))["id"], "decision": "APPROVED"}
    late = await graphql.mutate("decideConfirmation", "replayed", **confirmation, decidedAt=LATER)
    assert (late.error["code"], late.error["currentStatus"]) == ("CONFLICT", "EXPIRED")
    early = await graphql.mutate(
        "decideConfirmation", "replayed", **confirmation, decidedAt="2026-01-01T00:59:59Z"
    )
    assert (early.error["code"], early.error["field"]) == ("BAD_USER_INPUT", "decidedAt")
    await graphql.record("decideConfirmation", "replayed", **confirmation, decidedAt=DECIDED)


async def test_a_session_that_ended_earlier(graphql: GraphQLClient) -> None:
    await _asked(graphql)
    payload = await graphql.record(
        "endSession",
        """session { endedAt confirmations { nodes { status decidedAt toolCall { endedAt } } }
        events(last: 3) { nodes { occurredAt } } }""",
        session="session",
        endedAt=DECIDED,
    )
    assert payload["session"]["confirmations"]["nodes"] == [
        {"status": "CANCELLED", "decidedAt": DECIDED, "toolCall": {"endedAt": DECIDED}}
    ]
    assert payload["session"]["events"]["nodes"] == [{"occurredAt": DECIDED}] * 3


async def test_versions_take_turns(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    first = await create_agent_version(graphql, "1", createdAt=ASKED, activatedAt=ASKED)
    await create_agent_version(graphql, "2", createdAt=DECIDED, activatedAt=DECIDED)
    await graphql.record(
        "activateAgentVersion", "replayed", agentVersion=first["id"], activatedAt=LATER
    )
    data = await graphql.execute(
        """{ agent(id: "agent") { versions { nodes {
          versionNumber createdAt activatedAt deactivatedAt } } } }"""
    )
    assert [tuple(version.values()) for version in data["agent"]["versions"]["nodes"]] == [
        ("2", DECIDED, DECIDED, LATER),
        ("1", ASKED, LATER, None),
    ]


@pytest.mark.parametrize("values", [{"activate": False, "createdAt": ASKED}, {"createdAt": LATER}])
async def test_a_version_is_not_active_before_it_is(
    graphql: GraphQLClient, values: dict[str, Any]
) -> None:
    await create_agent(graphql)
    version = {"agent": "agent", "versionNumber": "1", "activatedAt": DECIDED, **values}
    reply = await graphql.mutate("createAgentVersion", "replayed", **version)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "activatedAt")


async def test_a_change_of_a_memory(graphql: GraphQLClient) -> None:
    memory = {"memory": (await create_memory(graphql, createdAt=ASKED))["id"]}
    change = {**memory, "importance": 1, "changedAt": DECIDED}
    selection = "memory { updatedAt revisions { nodes { createdAt } } }"
    payload = await graphql.record("updateMemory", selection, **change)
    assert payload["memory"] == {
        "updatedAt": DECIDED,
        "revisions": {"nodes": [{"createdAt": DECIDED}]},
    }
    early = {**change, "changedAt": "2026-01-01T00:00:00Z"}
    reply = await graphql.mutate("updateMemory", "replayed", **early)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "changedAt")


async def test_an_applied_remark(graphql: GraphQLClient) -> None:
    memory = await create_memory(graphql, createdAt=ASKED)
    remark = await graphql.record(
        "createMemoryAnnotation",
        "memoryAnnotation { id createdAt }",
        memory=memory["id"],
        annotationType="note",
        content=1,
        annotatorKind="CODE",
        createdAt=DECIDED,
    )
    named = {"memoryAnnotation": remark["memoryAnnotation"]["id"]}
    early = await graphql.mutate("applyMemoryAnnotation", "replayed", **named, appliedAt=ASKED)
    assert (early.error["code"], early.error["field"]) == ("BAD_USER_INPUT", "appliedAt")
    payload = await graphql.record(
        "applyMemoryAnnotation",
        "memoryAnnotation { createdAt appliedAt }",
        **named,
        appliedAt=LATER,
    )
    assert payload["memoryAnnotation"] == {"createdAt": DECIDED, "appliedAt": LATER}
