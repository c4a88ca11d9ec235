"""A whole history, read back in one nested query through every edge of the graph both ways."""

from typing import Any

import pytest

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


@pytest.fixture
async def history(graphql: GraphQLClient) -> None:
    """Sessions three deep, with something of everything."""
    await create_agent(graphql)
    await create_agent_version(graphql, "1")
    await create_agent_version(graphql, "2", configuration={"model": "m"})
    await create_session(graphql, "root", agent="agent", userId="ann")
    for name, parent in (("left", "root"), ("right", "root"), ("leaf", "left")):
        await create_session(graphql, name, parent=parent, agent="agent")
    for name in ("root", "left", "leaf"):
        message = await record_message(graphql, name, content=f"Question to {name}")
        call = await record_tool_call(graphql, name, arguments={"session": name})
        await graphql.record(
            "recordToolCallResult", "replayed", toolCall=call["id"], result={"of": name}
        )
        await upsert_state(graphql, {"step": 1}, name, snapshotReason="begin")
        await graphql.record(
            "recordStateTransition",
            "replayed",
            session=name,
            moduleId="module",
            newValues={"step": 2},
            triggerType="test",
        )
        memory = await create_memory(
            graphql,
            agent="agent",
            session=name,
            sourceMessage=message["id"],
            content={"from": name},
        )
        await graphql.record(
            "recordMemoryAccess",
            "replayed",
            memory=memory["id"],
            session=name,
            message=message["id"],
            accessType="READ",
        )
        await graphql.record(
            "createMemoryAnnotation",
            "replayed",
            memory=memory["id"],
            annotationType="note",
            content="remark",
            annotatorKind="LLM",
        )
    asked = await record_tool_call(graphql, "right")
    await request_confirmation(graphql, "right", toolCall=asked["id"])
    figure = {"metricType": "m", "metricValue": 0.5}
    await graphql.record("recordSessionMetric", "replayed", session="root", **figure)
    await graphql.record("recordAgentMetric", "replayed", agent="agent", **figure)


DOCUMENT = """{
  session(id: "root") {
    ...Session
    descendants { totalCount nodes { ...Session parent { sessionId } root { sessionId } } }
    children { nodes { sessionId children { nodes { sessionId children { nodes { id } } } } } }
    metrics { nodes { metricType session { sessionId } } }
    agent {
      agentId
      activeVersion { versionNumber configuration agent { agentId } }
      versions { nodes { versionNumber } }
      sessions { totalCount nodes { sessionId } }
      memories { totalCount }
      metrics { nodes { metricValue agent { agentId } } }
    }
  }
}
fragment Session on Session {
  sessionId depth
  agentVersion { versionNumber }
  messages { nodes {
    sequence role content session { sessionId }
    toolCalls { nodes {
      toolName arguments result status
      message { sequence } session { sessionId }
      confirmation { status toolCall { toolName } session { sessionId } }
    } }
  } }
  toolCalls { totalCount }
  confirmations { nodes { status } }
  moduleStates { nodes {
    moduleId state revision session { sessionId }
    transitions { nodes { revision newValues triggerType moduleState { moduleId } } }
    snapshots { nodes { state reason moduleState { moduleId } } }
  } }
  events { totalCount nodes { sequence subject { __typename } session { sessionId } } }
  memories { nodes {
    content agent { agentId } session { sessionId } sourceMessage { sequence }
    accesses { nodes { accessType memory { content } session { sessionId } message { content } } }
    annotations { nodes { content memory { content } } }
  } }
  memoryAccesses { nodes { accessType } }
}"""


@pytest.mark.usefixtures("history")
async def test_one_query_reads_all_of_it(graphql: GraphQLClient) -> None:
    root = (await graphql.execute(DOCUMENT))["session"]
    below = root["descendants"]["nodes"]
    assert [(session["sessionId"], session["depth"]) for session in below] == [
        ("left", 1),
        ("right", 1),
        ("leaf", 2),
    ]
    assert root["descendants"]["totalCount"] == 3
    assert [session["parent"]["sessionId"] for session in below] == ["root", "root", "left"]
    assert {session["root"]["sessionId"] for session in below} == {"root"}
    assert root["children"]["nodes"] == [
        {
            "sessionId": "left",
            "children": {"nodes": [{"sessionId": "leaf", "children": {"nodes": []}}]},
        },
        {"sessionId": "right", "children": {"nodes": []}},
    ]
    left, right, leaf = below
    for session in (root, left, leaf):
        _check(session)
    call = right["messages"]["nodes"][0]["toolCalls"]["nodes"][0]
    assert call["status"] == "AWAITING_CONFIRMATION"
    assert call["confirmation"] == {
        "status": "PENDING",
        "toolCall": {"toolName": "search"},
        "session": {"sessionId": "right"},
    }
    assert right["confirmations"]["nodes"] == [{"status": "PENDING"}]
    assert root["metrics"]["nodes"] == [{"metricType": "m", "session": {"sessionId": "root"}}]
    assert root["agent"] == {
        "agentId": "agent",
        "activeVersion": {
            "versionNumber": "2",
            "configuration": {"model": "m"},
            "agent": {"agentId": "agent"},
        },
        "versions": {"nodes": [{"versionNumber": "2"}, {"versionNumber": "1"}]},
        "sessions": {
            "totalCount": 4,
            "nodes": [{"sessionId": name} for name in ("leaf", "right", "left", "root")],
        },
        "memories": {"totalCount": 3},
        "metrics": {"nodes": [{"metricValue": 0.5, "agent": {"agentId": "agent"}}]},
    }


def _check(session: dict[str, Any]) -> None:
    name = session["sessionId"]
    here = {"sessionId": name}
    assert session["agentVersion"] == {"versionNumber": "2"}
    question, call = session["messages"]["nodes"]
    assert question == {
        "sequence": 1,
        "role": "USER",
        "content": f"Question to {name}",
        "session": here,
        "toolCalls": {"nodes": []},
    }
    assert call["toolCalls"]["nodes"] == [
        {
            "toolName": "search",
            "arguments": {"session": name},
            "result": {"of": name},
            "status": "SUCCEEDED",
            "message": {"sequence": 2},
            "session": here,
            "confirmation": None,
        }
    ]
    assert session["toolCalls"] == {"totalCount": 1}
    module = {"moduleId": "module"}
    assert session["moduleStates"]["nodes"] == [
        {
            "moduleId": "module",
            "state": {"step": 2},
            "revision": 2,
            "session": here,
            "transitions": {
                "nodes": [
                    {
                        "revision": 1,
                        "newValues": {"step": 1},
                        "triggerType": None,
                        "moduleState": module,
                    },
                    {
                        "revision": 2,
                        "newValues": {"step": 2},
                        "triggerType": "test",
                        "moduleState": module,
                    },
                ]
            },
            "snapshots": {
                "nodes": [{"state": {"step": 1}, "reason": "begin", "moduleState": module}]
            },
        }
    ]
    events = session["events"]
    assert [event["sequence"] for event in events["nodes"]] == list(
        range(1, events["totalCount"] + 1)
    )
    assert all(event["session"] == here and event["subject"] for event in events["nodes"])
    assert session["memories"]["nodes"] == [
        {
            "content": {"from": name},
            "agent": {"agentId": "agent"},
            "session": here,
            "sourceMessage": {"sequence": 1},
            "accesses": {
                "nodes": [
                    {
                        "accessType": "READ",
                        "memory": {"content": {"from": name}},
                        "session": here,
                        "message": {"content": f"Question to {name}"},
                    }
                ]
            },
            "annotations": {
                "nodes": [{"content": "remark", "memory": {"content": {"from": name}}}]
            },
        }
    ]
    assert session["memoryAccesses"]["nodes"] == [{"accessType": "READ"}]
