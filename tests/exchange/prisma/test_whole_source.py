"""A source with rows of every table, on each database."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.context import Context
from tests.exchange.prisma.sources import BOTH, Source, take_over
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, digest_rows


def at(minute: int) -> str:
    return f"2024-06-20 10:{minute:02}:00.123"


async def fill(source: Source) -> None:
    await source.make(BOTH)
    await source.add("User", {"id": "u1", "email": "ann@example.com", "createdAt": at(0)})
    await source.add(
        "AI_Agent",
        {
            "id": "a1",
            "name": "Desk",
            "description": "Helps",
            "capabilities": ["search", "write"],
            "configuration": {"model": "m"},
            "systemPrompt": "Be kind.",
            "userId": "u1",
            "totalSessions": 7,
            "createdAt": at(0),
            "updatedAt": at(5),
        },
    )
    version = {"agentId": "a1", "changes": {"a": 1}, "createdById": "u1", "createdAt": at(3)}
    await source.add(
        "AgentVersion",
        {"id": "v1", "versionNumber": "1.0.0", "isActive": False, "activatedAt": at(1), **version},
        {"id": "v2", "versionNumber": "1.1.0", "isActive": True, "activatedAt": at(0), **version},
        {"id": "v3", "versionNumber": "1.1.0", "isActive": True, "activatedAt": at(0), **version},
    )
    await source.add(
        "AgentMetric",
        {
            "id": "am1",
            "agentId": "a1",
            "metricType": "accuracy",
            "metricValue": 0.25,
            "timestamp": at(4),
            "timeframe": "daily",
            "metadata": {"n": 3},
        },
    )
    await source.add(
        "AgentSession",
        {
            "id": "c1",
            "sessionId": "parent",
            "userId": "u1",
            "agentId": "a1",
            "status": "completed",
            "context": {"goal": "Find it", "categories": ["x", "y"]},
            "businessContext": "Sales",
            "qualityScore": 0.5,
            "userSatisfaction": 4.5,
            "learningOutcomes": {"learned": True},
            "sessionSource": "user",
            "startedAt": at(10),
            "endedAt": at(30),
            "createdAt": at(10),
            "updatedAt": at(31),
        },
        {
            "id": "c2",
            "sessionId": "child",
            "status": "active",
            "sessionPurpose": "Subtask",
            "sessionTags": ["t1", "t2"],
            "parentSessionId": "c1",
            "startedAt": at(9),
            "createdAt": at(9),
            "updatedAt": at(9),
        },
    )
    await source.add(
        "SessionMetric",
        {
            "id": "sm1",
            "sessionId": "c1",
            "metricType": "tokens",
            "metricValue": 12,
            "timestamp": at(12),
            "metadata": {"unit": "1"},
        },
    )
    await source.add(
        "SessionEvent",
        *(
            {
                "id": f"e{number}",
                "sessionId": "c1",
                "eventType": "checkpoint",
                "eventData": {"number": number},
                "timestamp": at(20 - number),
                "sequence": number,
                "duration": 5,
            }
            for number in (2, 1, 3)
        ),
    )
    state = {"moduleId": "plan", "version": "1", "sessionId": "c1", "stateHash": "e30="}
    await source.add(
        "ModuleState",
        {"id": "s2", "state": {"n": 2}, "previousStateId": "s1", "createdAt": at(13), **state},
        {"id": "s1", "state": {"n": 1}, "createdAt": at(14), **state},
        {
            "id": "s3",
            "state": {"n": 2},
            "previousStateId": "s2",
            "isSnapshot": True,
            "snapshotReason": "before the change",
            "createdAt": at(15),
            "stateType": "workflow_progress",
            "expiresAt": at(59),
            **state,
        },
        {
            "id": "s4",
            "moduleId": "lonely",
            "state": {"k": [1, 2]},
            "version": "1",
            "createdAt": at(1),
        },
    )
    move = {"triggerType": "user_action", "transitionData": {"why": "asked"}}
    await source.add(
        "StateTransition",
        {"id": "t1", "stateId": "s1", "newValues": {"n": 2}, "createdAt": at(14), **move},
        {"id": "t2", "stateId": "s3", "newValues": {"n": 9}, "createdAt": at(16), **move},
    )
    memory = {"userId": "u1", "agentId": "a1", "type": "fact", "createdAt": at(20)}
    await source.add(
        "InteractionMemory",
        {
            "id": "m1",
            "sessionId": "parent",
            "content": {"dark": True},
            "importance": 5,
            "confidence": 0.9,
            "accessCount": 1,
            "lastAccessedAt": at(22),
            "verificationStatus": "unverified",
            "relatedMemories": {"ids": ["m2", "gone"]},
            "updatedAt": at(21),
            **memory,
        },
        {"id": "m2", "content": {"x": 1.5}, "importance": 1, "accessCount": 4, **memory},
    )
    await source.add(
        "MemoryAccess",
        {
            "id": "ma1",
            "memoryId": "m1",
            "accessType": "read",
            "accessedBy": "a1",
            "accessorType": "agent",
            "context": "Looking",
            "usefulness": 0.9,
            "createdAt": at(22),
        },
    )
    await source.add(
        "MemoryAnnotation",
        {
            "id": "mn1",
            "memoryId": "m1",
            "annotationType": "correction",
            "content": "It is light.",
            "createdById": "a1",
            "isApplied": True,
            "appliedAt": at(24),
            "createdAt": at(23),
        },
    )
    await source.add(
        "Session",
        {
            "id": "s-open",
            "createdAt": at(1),
            "updatedAt": at(9),
            "active": True,
            "metadata": {"userId": "123"},
        },
        {"id": "s-shut", "createdAt": at(2), "updatedAt": at(40), "active": False},
    )
    said = {"sessionId": "s-open"}
    await source.add(
        "Message",
        {
            "id": "x3",
            "role": "assistant",
            "content": "Done 🎉",
            "timestamp": at(4),
            "responseType": "text",
            **said,
        },
        {
            "id": "x1",
            "role": "user",
            "content": "Hello",
            "timestamp": at(2),
            "metadata": {"source": "web"},
            **said,
        },
        {"id": "x2", "role": "assistant", "content": "", "timestamp": at(3), **said},
        {"id": "y1", "sessionId": "s-shut", "role": "system", "content": "Bye", "timestamp": at(3)},
    )
    call = {"messageId": "x2", "toolName": "search", "timestamp": at(3)}
    await source.add(
        "ToolCall",
        {"id": "k1", "arguments": {"q": 1}, "result": {"hits": 2}, **call},
        {"id": "k2", "arguments": {"q": 2}, "result": {"error": "no such"}, **call},
        {"id": "k3", "arguments": {"q": 3}, **(call | {"toolName": "delete"})},
    )
    await source.add(
        "PendingConfirmation",
        {
            "id": "p1",
            "sessionId": "s-open",
            "toolName": "delete",
            "arguments": {"q": 3},
            "userMessage": "Delete it",
            "timestamp": at(5),
        },
    )


SESSIONS = """{ sessions(first: 50, orderBy: {field: CREATED_AT, direction: ASC}) { nodes {
  sessionId userId status kind purpose businessContext tags source qualityScore userSatisfaction
  metadata startedAt endedAt createdAt updatedAt lastActivityAt messageCount toolCallCount
  failedToolCallCount parent { sessionId }
  agent { agentId metadata versions { nodes { versionNumber isActive } } }
  agentVersion { versionNumber }
  messages { nodes { sequence role content responseType metadata createdAt
    toolCalls { nodes { toolCallId toolName arguments result status startedAt endedAt } } } }
  confirmations { nodes { status toolName userMessage createdAt toolCall { toolCallId } } }
  moduleStates { nodes { moduleId revision version stateType state expiresAt
    snapshots { nodes { reason revision } }
    transitions { nodes { revision triggerType newValues transitionData createdAt } } } }
  metrics { nodes { metricType metricValue recordedAt metadata } }
  events(first: 200, filter: {eventType: {eq: "checkpoint"}}) { nodes {
    eventData durationMs occurredAt } }
  memories { nodes { type content importance confidence accessCount lastAccessedAt metadata
    relations { nodes { relationType relatedMemory { content accessCount } } }
    accesses { nodes { accessType context usefulness occurredAt } }
    annotations { nodes { annotationType content annotatorKind isApplied appliedAt } } } }
} } }"""


async def test_everything_is_carried_over(
    source: Source, context: Context, engine: AsyncEngine, graphql: GraphQLClient
) -> None:
    await fill(source)
    report = await take_over(context, source)
    assert not report.refusals
    assert not report.differences
    assert report.source_digest == report.store_digest
    assert all(table.read == table.written == table.alike for table in report.tables)
    assert len(report.tables) == 15
    await check_invariants(engine)
    before = await digest_rows(engine)
    again = await take_over(context, source)
    assert again.is_whole
    assert all(table.read == table.already == table.alike for table in again.tables)
    assert await digest_rows(engine) == before
    answered = (await graphql.execute(SESSIONS))["sessions"]["nodes"]
    sessions: dict[str, Any] = {each["sessionId"]: each for each in answered}
    check_agents(sessions["parent"])
    check_adapter(sessions["s-open"], sessions["s-shut"])
    check_states(sessions["parent"], sessions["module lonely"])
    check_memories(sessions["parent"]["memories"]["nodes"])
    assert sessions["child"]["parent"] == {"sessionId": "parent"}
    assert sessions["child"]["tags"] == ["t1", "t2"]
    events = sessions["parent"]["events"]["nodes"]
    assert [event["eventData"]["number"] for event in events] == [1, 2, 3]
    assert {(note.model, tuple(note.ids)) for note in report.notes} == {
        ("AgentSession", ("c1",)),
        ("AgentVersion", ("v2",)),
        ("AgentVersion", ("v3",)),
        ("InteractionMemory", ("m1",)),
        ("InteractionMemory", ("m2",)),
        ("ModuleState", ("s4",)),
    }


def check_agents(parent: dict[str, Any]) -> None:
    assert parent["agent"]["agentId"] == "a1"
    assert parent["agentVersion"] is None
    assert parent["status"] == "COMPLETED"
    assert (parent["purpose"], parent["tags"]) == ("Find it", ["x", "y"])
    assert parent["businessContext"] == "Sales"
    assert parent["metadata"] == {"importedId": "c1", "userSatisfaction": 4.5}
    assert parent["endedAt"] == "2024-06-20T10:30:00.123000Z"
    assert parent["updatedAt"] == "2024-06-20T10:31:00.123000Z"
    versions = parent["agent"]["versions"]["nodes"]
    assert {version["versionNumber"]: version["isActive"] for version in versions} == {
        "1.0.0": False,
        "1.1.0": False,
        "1.1.0 (v3)": True,
    }
    assert parent["agent"]["metadata"]["systemPrompt"] == "Be kind."
    assert parent["agent"]["metadata"]["capabilities"] == ["search", "write"]


def check_adapter(opened: dict[str, Any], shut: dict[str, Any]) -> None:
    messages = opened["messages"]["nodes"]
    assert opened["userId"] == "123"
    assert [message["content"] for message in messages] == ["Hello", "", "Done 🎉"]
    assert [message["metadata"]["importedId"] for message in messages] == ["x1", "x2", "x3"]
    calls = {call["toolCallId"]: call["status"] for call in messages[1]["toolCalls"]["nodes"]}
    assert calls == {"k1": "SUCCEEDED", "k2": "FAILED", "k3": "AWAITING_CONFIRMATION"}
    (asked,) = opened["confirmations"]["nodes"]
    assert asked["toolCall"] == {"toolCallId": "k3"}
    assert (opened["status"], shut["status"]) == ("WAITING", "COMPLETED")
    assert shut["endedAt"] == "2024-06-20T10:40:00.123000Z"


def check_states(parent: dict[str, Any], lonely: dict[str, Any]) -> None:
    (state,) = parent["moduleStates"]["nodes"]
    assert (state["revision"], state["state"]) == (5, {"n": 2})
    assert [each["newValues"] for each in state["transitions"]["nodes"]] == [
        {"n": 1},
        {"n": 2},  # the transition, which the next row of the source confirms
        {},
        {},
        {},  # one that the source's last row does not show
    ]
    last = state["transitions"]["nodes"][-1]
    assert last["transitionData"] == {"newValues": {"n": 9}, "transitionData": {"why": "asked"}}
    assert state["snapshots"]["nodes"] == [{"reason": "before the change", "revision": 4}]
    assert lonely["moduleStates"]["nodes"][0]["state"] == {"k": [1, 2]}


def check_memories(memories: list[dict[str, Any]]) -> None:
    (memory,) = memories
    assert memory["importance"] is None
    assert memory["metadata"] == {
        "importance": 5,
        "importedId": "m1",
        "relatedMemories": {"ids": ["m2", "gone"]},
        "verificationStatus": "unverified",
    }
    assert memory["relations"]["nodes"] == [
        {"relationType": "RELATED", "relatedMemory": {"content": {"x": 1.5}, "accessCount": 0}}
    ]
    assert memory["accessCount"] == 1
    assert memory["annotations"]["nodes"][0]["annotatorKind"] == "LLM"
