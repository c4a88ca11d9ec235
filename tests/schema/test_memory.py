"""Memories, their uses, remarks and changes over the API."""

import pytest

from tests.factories import create_agent, create_memory, create_session, feed, record_message
from tests.graphql_client import GraphQLClient

EVERYTHING = """memory { type memoryType content contentText importance confidence sourceType state
  userId validAt invalidAt expiresAt accessCount lastAccessedAt embedding metadata revision
  agent { agentId } session { sessionId } sourceMessage { sequence } }"""


async def test_a_memory_keeps_everything(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    await create_session(graphql)
    message = await record_message(graphql)
    values = {
        "type": "preference",
        "memoryType": "semantic",
        "content": {"likes": ["tea"]},
        "contentText": "Likes tea",
        "importance": 0.75,
        "confidence": 1,
        "sourceType": "message",
        "userId": "ann",
        "validAt": "2026-01-01T00:00:00Z",
        "invalidAt": "2027-01-01T00:00:00Z",
        "expiresAt": "2028-01-01T00:00:00Z",
        "embedding": [0.5, -0.25],
        "metadata": {"m": 1},
    }
    payload = await graphql.record(
        "createMemory",
        EVERYTHING,
        agent="agent",
        session="session",
        sourceMessage=message["id"],
        **values,
    )
    assert payload["memory"] == {
        **values,
        "confidence": 1.0,
        "state": "ACTIVE",
        "accessCount": 0,
        "lastAccessedAt": None,
        "revision": 1,
        "agent": {"agentId": "agent"},
        "session": {"sessionId": "session"},
        "sourceMessage": {"sequence": 1},
    }
    assert (await feed(graphql))[-1]["eventType"] == "memory.created"


async def test_an_access_counts_and_changes_nothing_else(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = await record_message(graphql)
    memory = await create_memory(graphql)
    before = (
        await graphql.execute(
            "query ($id: ID!) { memory(id: $id) { updatedAt revision } }", id=memory["id"]
        )
    )["memory"]
    values = {
        "accessType": "SEARCH_HIT",
        "accessedBy": "agent-1",
        "accessorType": "AGENT",
        "context": {"k": 1},
        "queryText": "tea?",
        "rank": 0,
        "score": 0.9,
        "usefulness": 0.5,
        "occurredAt": "2026-01-01T00:00:00Z",
    }
    payload = await graphql.record(
        "recordMemoryAccess",
        """memoryAccess { accessType accessedBy accessorType context queryText rank score usefulness
          occurredAt session { sessionId } message { sequence } }
        memory { accessCount lastAccessedAt updatedAt revision }""",
        memory=memory["id"],
        session="session",
        message=message["id"],
        **values,
    )
    assert payload["memoryAccess"] == {
        **values,
        "session": {"sessionId": "session"},
        "message": {"sequence": 1},
    }
    assert payload["memory"] == {
        **before,
        "accessCount": 1,
        "lastAccessedAt": "2026-01-01T00:00:00Z",
    }
    assert (await feed(graphql))[-1]["eventType"] == "memory.accessed"
    await graphql.record("recordMemoryAccess", "replayed", memory=memory["id"], accessType="READ")
    earlier = await graphql.record(
        "recordMemoryAccess",
        "memory { accessCount lastAccessedAt }",
        memory=memory["id"],
        accessType="READ",
        occurredAt="2025-01-01T00:00:00Z",
    )
    assert earlier["memory"]["accessCount"] == 3
    assert earlier["memory"]["lastAccessedAt"] > "2026-01-01"


async def test_a_memory_takes_anothers_place(graphql: GraphQLClient) -> None:
    old = await create_memory(graphql, validAt="2026-01-01T00:00:00Z")
    payload = await graphql.record(
        "createMemory",
        """memory { relations { nodes { relationType relatedMemory { id state invalidAt } } } }
        relations { relationType memory { state } }""",
        type="fact",
        content="new",
        relations=[{"memory": old["id"], "relationType": "SUPERSEDES"}],
    )
    related = payload["memory"]["relations"]["nodes"][0]["relatedMemory"]
    assert (related["id"], related["state"]) == (old["id"], "SUPERSEDED")
    assert related["invalidAt"] is not None
    assert payload["relations"] == [{"relationType": "SUPERSEDES", "memory": {"state": "ACTIVE"}}]


async def test_a_change_keeps_what_was_said_before(graphql: GraphQLClient) -> None:
    memory = await create_memory(graphql, content={"a": 1}, contentText="one", importance=0.5)
    payload = await graphql.record(
        "updateMemory",
        """memory { content contentText importance revision updatedAt createdAt
          revisions { nodes { revision content contentText importance changedBy reason } } }""",
        memory=memory["id"],
        content={"a": 2},
        contentText=None,
        changedBy="ann",
        reason="wrong",
        expectedRevision=1,
    )
    changed = payload["memory"]
    assert (changed["content"], changed["contentText"]) == ({"a": 2}, None)
    assert (changed["importance"], changed["revision"]) == (0.5, 2)
    assert changed["updatedAt"] > changed["createdAt"]
    assert changed["revisions"]["nodes"] == [
        {
            "revision": 1,
            "content": {"a": 1},
            "contentText": "one",
            "importance": 0.5,
            "changedBy": "ann",
            "reason": "wrong",
        }
    ]
    reply = await graphql.mutate(
        "updateMemory", "replayed", memory=memory["id"], importance=1, expectedRevision=1
    )
    assert (reply.error["code"], reply.error["currentRevision"]) == ("CONFLICT", 2)


@pytest.mark.parametrize("name", ["content", "state", "metadata"])
async def test_what_must_not_be_null_stays(graphql: GraphQLClient, name: str) -> None:
    memory = await create_memory(graphql)
    reply = await graphql.mutate("updateMemory", "replayed", memory=memory["id"], **{name: None})
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", name)


async def test_a_remark_is_made_and_applied(graphql: GraphQLClient) -> None:
    memory = await create_memory(graphql)
    selection = """memoryAnnotation { id annotationType content annotatorKind createdBy isApplied
      appliedAt } memory { annotations { totalCount } }"""
    values = {
        "annotationType": "correction",
        "content": {"should": "say"},
        "annotatorKind": "HUMAN",
        "createdBy": "ann",
    }
    made = await graphql.record("createMemoryAnnotation", selection, memory=memory["id"], **values)
    annotation = made["memoryAnnotation"]
    assert {name: annotation[name] for name in values} == values
    assert (annotation["isApplied"], annotation["appliedAt"]) == (False, None)
    times = set()
    for _ in range(2):
        applied = await graphql.record(
            "applyMemoryAnnotation", selection, memoryAnnotation=annotation["id"]
        )
        assert applied["memoryAnnotation"]["isApplied"] is True
        times.add(applied["memoryAnnotation"]["appliedAt"])
    assert len(times) == 1


async def test_a_change_of_nothing_is_none(graphql: GraphQLClient) -> None:
    memory = await create_memory(graphql)
    payload = await graphql.record(
        "updateMemory", "memory { revision revisions { totalCount } }", memory=memory["id"]
    )
    assert payload["memory"] == {"revision": 1, "revisions": {"totalCount": 0}}
