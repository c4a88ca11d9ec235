"""Sessions over the API."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    event_types,
    feed,
    record_message,
    record_tool_call,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient

EVERYTHING = """created replayed session { id sessionId kind depth status title purpose userId tags
  source context metadata businessContext startedAt endedAt createdAt updatedAt lastActivityAt
  revision messageCount toolCallCount failedToolCallCount inputTokens outputTokens costUsd
  parent { id } root { id } agent { agentId } agentVersion { versionNumber } }"""


async def test_a_session_keeps_what_it_was_created_with(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    await create_agent_version(graphql, "1.0")
    payload = await graphql.record(
        "createSession",
        EVERYTHING,
        sessionId="session",
        agent="agent",
        title="Title",
        purpose="Purpose",
        userId="user",
        tags=["a", "b"],
        source="chat",
        context={"b": 1, "a": [None, 1.5]},
        metadata={"m": "ä"},
        businessContext={"order": 7},
        startedAt="2026-01-02T03:04:05.678901+02:00",
    )
    session = payload["session"]
    assert payload["created"] is True
    assert payload["replayed"] is False
    assert session["kind"] == "ROOT"
    assert session["depth"] == 0
    assert session["status"] == "ACTIVE"
    assert session["parent"] is None
    assert session["root"] == {"id": session["id"]}
    assert session["agent"] == {"agentId": "agent"}
    assert session["agentVersion"] == {"versionNumber": "1.0"}
    assert session["tags"] == ["a", "b"]
    assert session["context"] == {"b": 1, "a": [None, 1.5]}
    assert session["metadata"] == {"m": "ä"}
    assert session["businessContext"] == {"order": 7}
    assert session["startedAt"] == "2026-01-02T01:04:05.678901Z"
    assert session["costUsd"] == "0"
    assert await feed(graphql) == [
        {
            "sequence": 1,
            "eventType": "session.created",
            "eventData": None,
            "actorId": None,
            "subject": {"__typename": "Session", "id": session["id"]},
        }
    ]


async def test_the_same_session_again_is_given_back(graphql: GraphQLClient) -> None:
    first = await create_session(graphql, title="Title", context={"a": 1})
    again = await graphql.record(
        "createSession",
        "created session { id }",
        sessionId="session",
        title="Title",
        context={"a": 1},
    )
    assert again == {"created": False, "session": {"id": first["id"]}}
    refused = await graphql.mutate("createSession", "created", sessionId="session", title="Other")
    assert refused.error["code"] == "CONFLICT"
    assert refused.error["field"] == "sessionId"
    assert await event_types(graphql) == ["session.created"]


async def test_it_is_the_same_session_also_when_it_was_changed_since(
    graphql: GraphQLClient,
) -> None:
    first = await create_session(graphql, title="Title")
    await graphql.record("updateSession", "replayed", session="session", title="Changed")
    again = await create_session(graphql, title="Title")
    assert again["id"] == first["id"]


async def test_children_stand_below_their_parent(graphql: GraphQLClient) -> None:
    root = await create_session(graphql, "root")
    call = await record_tool_call(graphql, "root")
    child = await graphql.record(
        "createSession",
        "session { id kind depth root { id } parent { id } spawnedByToolCall { id } }",
        parent=root["id"],
        spawnedByToolCall=call["id"],
    )
    assert child["session"]["kind"] == "SUBAGENT"
    assert child["session"]["depth"] == 1
    assert child["session"]["root"] == child["session"]["parent"] == {"id": root["id"]}
    assert child["session"]["spawnedByToolCall"] == {"id": call["id"]}
    data = await graphql.execute(
        "query ($id: ID!) { toolCall(id: $id) { childSession { id } } }", id=call["id"]
    )
    assert data["toolCall"]["childSession"] == {"id": child["session"]["id"]}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "FORK"}, "kind"),
        ({"parent": "root", "kind": "ROOT"}, "kind"),
        ({"agentVersion": "other"}, "agentVersion"),
    ],
)
async def test_what_contradicts_itself_is_refused(
    graphql: GraphQLClient, values: dict[str, Any], field: str
) -> None:
    await create_session(graphql, "root")
    await create_agent(graphql)
    await create_agent(graphql, "second")
    if "agentVersion" in values:
        version = await create_agent_version(graphql, agent="second")
        values = {"agent": "agent", "agentVersion": version["id"]}
    reply = await graphql.mutate("createSession", "created", **values)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", field)
    assert reply.data == {"createSession": None}


async def test_an_update_tells_null_from_omitted(graphql: GraphQLClient) -> None:
    await create_session(graphql, title="Title", purpose="Purpose", tags=["a"])
    payload = await graphql.record(
        "updateSession",
        "session { title purpose tags qualityScore revision }",
        session="session",
        title=None,
        qualityScore=0.5,
    )
    assert payload["session"] == {
        "title": None,
        "purpose": "Purpose",
        "tags": ["a"],
        "qualityScore": 0.5,
        "revision": 2,
    }
    events = await feed(graphql)
    assert events[-1]["eventType"] == "session.updated"
    assert events[-1]["eventData"] == {"changed": ["qualityScore", "title"]}


async def test_an_update_of_another_revision_is_refused(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await graphql.record("updateSession", "replayed", session="session", title="1")
    reply = await graphql.mutate(
        "updateSession", "replayed", session="session", title="2", expectedRevision=1
    )
    assert reply.error["code"] == "CONFLICT"
    assert reply.error["currentRevision"] == 2
    data = await graphql.execute('{ session(id: "session") { title } }')
    assert data["session"]["title"] == "1"


async def test_what_must_not_be_null_stays(graphql: GraphQLClient) -> None:
    await create_session(graphql, tags=["a"])
    reply = await graphql.mutate("updateSession", "replayed", session="session", tags=None)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "tags")


async def test_an_end_gives_up_what_the_session_waits_for(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await request_confirmation(graphql, toolCall=call["id"])
    payload = await graphql.record(
        "endSession",
        """session { status endedAt qualityScore userSatisfaction learningOutcomes
          confirmations { nodes { status reason decidedAt } } toolCalls { nodes { status } } }""",
        session="session",
        status="FAILED",
        qualityScore=0.25,
        userSatisfaction=1,
        learningOutcomes=["x"],
    )
    session = payload["session"]
    assert session["status"] == "FAILED"
    assert session["endedAt"] is not None
    assert (session["qualityScore"], session["userSatisfaction"]) == (0.25, 1.0)
    assert session["learningOutcomes"] == ["x"]
    assert session["confirmations"]["nodes"][0]["status"] == "CANCELLED"
    assert session["toolCalls"]["nodes"] == [{"status": "CANCELLED"}]
    events = await feed(graphql)
    assert [event["eventType"] for event in events[-3:]] == [
        "confirmation.decided",
        "tool_call.completed",
        "session.status_changed",
    ]
    assert events[-1]["eventData"] == {"from": "WAITING", "to": "FAILED"}


async def test_an_end_is_final(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await graphql.record("endSession", "session { status }", session="session")
    again = await graphql.record("endSession", "session { status }", session="session")
    assert again["session"]["status"] == "COMPLETED"
    other = await graphql.mutate("endSession", "replayed", session="session", status="FAILED")
    assert (other.error["code"], other.error["currentStatus"]) == ("CONFLICT", "COMPLETED")
    active = await graphql.mutate("endSession", "replayed", session="session", status="ACTIVE")
    assert (active.error["code"], active.error["field"]) == ("BAD_USER_INPUT", "status")
    assert await event_types(graphql) == ["session.created", "session.status_changed"]


async def test_an_end_before_the_start_is_refused(graphql: GraphQLClient) -> None:
    await create_session(graphql, startedAt="2026-02-01T00:00:00Z")
    reply = await graphql.mutate(
        "endSession", "replayed", session="session", endedAt="2026-01-01T00:00:00Z"
    )
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "endedAt")


async def test_a_delete_takes_everything_below_along(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    root = await create_session(graphql, "root")
    await create_session(graphql, "child", parent="root")
    await create_session(graphql, "grandchild", parent="child")
    for session in ("root", "child", "grandchild"):
        call = await record_tool_call(graphql, session)
        await request_confirmation(graphql, session, toolCall=call["id"])
        await upsert_state(graphql, {"a": 1}, session, snapshotReason="kept")
        await graphql.record(
            "recordSessionMetric", "replayed", session=session, metricType="m", metricValue=1
        )
    memory = await create_memory(graphql, session="child")
    await graphql.record(
        "recordMemoryAccess", "replayed", memory=memory["id"], session="child", accessType="READ"
    )
    payload = await graphql.record(
        "deleteSession", "deletedSessionId deletedSessionCount", session="root"
    )
    assert payload == {"deletedSessionId": root["id"], "deletedSessionCount": 3}
    kept = {"projects": 1, "memories": 1, "memory_accesses": 1}
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            count = await connection.scalar(text(f"SELECT count(*) FROM {table.name}"))
            assert count == kept.get(table.name, 0), table.name
    data = await graphql.execute(
        """query ($id: ID!) { memory(id: $id) {
          session { id } accesses { nodes { session { id } } }
        } }""",
        id=memory["id"],
    )
    assert data["memory"] == {"session": None, "accesses": {"nodes": [{"session": None}]}}


async def test_a_deleted_child_leaves_its_parent(graphql: GraphQLClient) -> None:
    await create_session(graphql, "root")
    await record_message(graphql, "root")
    await create_session(graphql, "child", parent="root")
    payload = await graphql.record("deleteSession", "deletedSessionCount", session="child")
    assert payload["deletedSessionCount"] == 1
    data = await graphql.execute('{ session(id: "root") { messageCount children { totalCount } } }')
    assert data["session"] == {"messageCount": 1, "children": {"totalCount": 0}}


async def test_a_session_that_moved_on_is_not_ended(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await graphql.record("updateSession", "replayed", session="session", title="Title")
    reply = await graphql.mutate("endSession", "replayed", session="session", expectedRevision=1)
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "expectedRevision")
    assert reply.error["currentRevision"] == 2
    for _ in range(2):  # ending it again is harmless, though the end is a revision of its own
        payload = await graphql.record(
            "endSession", "session { status revision }", session="session", expectedRevision=2
        )
        assert payload["session"] == {"status": "COMPLETED", "revision": 3}
