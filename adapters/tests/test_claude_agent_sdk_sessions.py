"""What a dashboard sees of the Claude Agent SDK's transcripts."""

from typing import Any

import pytest
from claude_agent_sdk import SessionKey, SessionListSubkeysKey
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore

from tests.claude_transcripts import Entry, Transcript, report, text, thinking, use

ID = "0b8a6ad2-6d5a-4c4e-9f4e-1f0b7d6d1a01"
MAIN: SessionKey = {"project_key": "-home-ada-report", "session_id": ID}
SESSION: SessionListSubkeysKey = {"project_key": "-home-ada-report", "session_id": ID}
AGENT: SessionKey = {**MAIN, "subpath": "subagents/agent-a1"}
NAME = f"-home-ada-report/{ID}"
SEEN = """query ($session: ID!) {
  session(id: $session) {
    sessionId kind status source title tags startedAt context metadata
    messageCount toolCallCount failedToolCallCount inputTokens outputTokens
    parent { sessionId }
    spawnedByToolCall { toolCallId }
    children { nodes { sessionId } }
    messages(first: 200) { nodes {
      role name content status error provider requestModel responseModel responseId finishReasons
      inputTokens outputTokens cacheReadInputTokens cacheCreationInputTokens reasoningOutputTokens
      createdAt metadata
      toolCalls { nodes { toolCallId } }
    } }
    toolCalls(first: 200) { nodes {
      toolCallId toolName arguments status result errorMessage resultMessage { content }
      childSession { sessionId }
    } }
    confirmations { nodes {
      toolName userMessage status deciderType reason toolCall { toolCallId }
    } }
    events(first: 200, filter: {eventType: {eq: "claude_agent_sdk.compact_boundary"}}) {
      nodes { eventData occurredAt }
    }
  }
}"""


@pytest.fixture
def store(client: SessiongraphClient) -> SessiongraphSessionStore:
    return SessiongraphSessionStore(client)


async def see(client: SessiongraphClient, name: str = NAME) -> dict[str, Any]:
    data = await client.query(SEEN, session=name)
    seen: dict[str, Any] = data["session"]
    return seen


def mark(kind: str, **values: str) -> Entry:
    return {"type": kind, **values}


def said(seen: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in seen["messages"]["nodes"]]


@pytest.mark.parametrize("size", [1, 2, 5, 100])
async def test_a_session_with_all_that_happens_in_one(
    client: SessiongraphClient, store: SessiongraphSessionStore, size: int
) -> None:
    main, agent = report(ID)
    for start in range(0, len(main), size):
        await store.append(MAIN, main[start : start + size])
    for start in range(0, len(agent), size):
        await store.append(AGENT, agent[start : start + size])
    seen = await see(client)
    assert (seen["kind"], seen["status"], seen["source"]) == ("ROOT", "ACTIVE", "claude_agent_sdk")
    assert (seen["title"], seen["tags"]) == ("The yearly report", ["finance"])
    assert seen["metadata"] == {"projectKey": "-home-ada-report", "sessionId": ID}
    if size > 1:
        assert seen["context"] == {
            "cwd": "/home/ada/report",
            "gitBranch": "main",
            "version": "2.5.0",
        }
    # the tokens of a response are counted once, however its entries came
    assert (int(seen["inputTokens"]), int(seen["outputTokens"])) == (4 * 115, 4 * 20)
    expected = [
        ("USER", "Write the report"),
        ("ASSISTANT", "I look at the files."),
        ("TOOL", "draft.md"),
        ("TOOL", "The user doesn't want to proceed with this tool use. They said: keep it"),
        ("TOOL", "File does not exist."),
        ("ASSISTANT", ""),
        ("TOOL", "There are 42."),
        ("USER", "This session is being continued …"),
        ("ASSISTANT", ""),
        ("TOOL", "PDF"),
        ("ASSISTANT", "The report has 42 words."),
    ]
    assert [each for each in said(seen) if each[1]] == [each for each in expected if each[1]]
    if size == 100:
        assert said(seen) == expected
    assert [
        (call["toolCallId"], call["toolName"], call["status"], call["errorMessage"])
        for call in seen["toolCalls"]["nodes"]
    ] == [
        ("toolu_1", "Bash", "SUCCEEDED", None),
        ("toolu_2", "Bash", "DENIED", None),
        ("toolu_3", "Read", "FAILED", "File does not exist."),
        ("toolu_4", "Agent", "SUCCEEDED", None),
        ("toolu_5", "AskUserQuestion", "SUCCEEDED", None),
    ]
    assert all(call["resultMessage"] for call in seen["toolCalls"]["nodes"])
    assert [
        (each["toolCall"]["toolCallId"], each["status"], each["userMessage"], each["deciderType"])
        for each in seen["confirmations"]["nodes"]
    ] == [
        ("toolu_2", "DENIED", None, "USER"),
        ("toolu_5", "APPROVED", "Which format?", "USER"),
    ]
    (boundary,) = seen["events"]["nodes"]
    assert boundary["eventData"]["compactMetadata"] == {"trigger": "auto", "preTokens": 155000}

    child = await see(client, f"{NAME}/subagents/agent-a1")
    assert (child["kind"], child["status"]) == ("SUBAGENT", "COMPLETED")
    assert child["parent"] == {"sessionId": NAME}
    assert child["spawnedByToolCall"] == {"toolCallId": "toolu_4"}
    assert child["title"] == "Count words"
    assert child["metadata"]["agentType"] == "counter"
    assert [each for each in said(child) if each[1]] == [
        ("USER", "Count them"),
        ("TOOL", "42 draft.md"),
        ("ASSISTANT", "There are 42."),
    ]
    assert seen["children"]["nodes"] == [{"sessionId": child["sessionId"]}]


async def test_a_response_is_told_as_the_provider_tells_it(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    main, _ = report(ID)
    await store.append(MAIN, main)
    message = (await see(client))["messages"]["nodes"][1]
    assert message["provider"] == "anthropic"
    assert message["responseModel"] == "claude-opus-5-5"
    assert message["responseId"] == "msg_main_1"
    assert message["finishReasons"] == ["tool_use"]
    assert message["cacheReadInputTokens"] == 100
    assert message["cacheCreationInputTokens"] == 5
    assert message["reasoningOutputTokens"] == 7
    assert message["createdAt"] == "2026-11-22T08:00:03Z"
    assert [call["toolCallId"] for call in message["toolCalls"]["nodes"]] == [
        "toolu_1",
        "toolu_2",
        "toolu_3",
    ]
    assert len(message["metadata"]["entries"]) == 5
    assert message["metadata"]["requestId"] == "req_1"


async def test_a_subagent_is_found_by_its_prompt_where_nothing_else_tells(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    main, agent = report(ID)
    await store.append(MAIN, main)
    await store.append(AGENT, [entry for entry in agent if entry["type"] != "agent_metadata"])
    child = await see(client, f"{NAME}/subagents/agent-a1")
    assert child["spawnedByToolCall"] == {"toolCallId": "toolu_4"}
    assert (child["title"], child["status"]) == ("Count words", "ACTIVE")


async def test_a_subagent_may_come_before_its_session(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    main, agent = report(ID)
    await store.append(AGENT, agent)
    assert await store.load(MAIN) is None
    assert await store.list_sessions(MAIN["project_key"]) == []
    assert await store.list_subkeys(SESSION) == ["subagents/agent-a1"]
    await store.append(MAIN, main)
    seen = await see(client)
    assert (seen["title"], seen["tags"]) == ("The yearly report", ["finance"])
    assert await store.load(MAIN) == main


async def test_a_subagent_of_a_subagent_is_linked_with_the_call_of_that_one(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    main, agent = report(ID)
    outer = Transcript(ID, "a1", entries=agent)
    outer.respond(use("toolu_b", "Task", description="Check", prompt="Check it"))
    inner = Transcript(ID, "a2")
    inner.mark("agent_metadata", agentType="x", toolUseId="toolu_b", parentAgentId="a1")
    inner.ask("Check it")
    await store.append(MAIN, main)
    await store.append(AGENT, outer.entries)
    await store.append({**MAIN, "subpath": "subagents/agent-a2"}, inner.entries)
    child = await see(client, f"{NAME}/subagents/agent-a2")
    assert child["spawnedByToolCall"] == {"toolCallId": "toolu_b"}
    assert child["metadata"]["parentAgentId"] == "a1"
    await store.delete(AGENT)
    assert await store.list_subkeys(SESSION) == ["subagents/agent-a2"]


async def test_titles_and_tags_follow_the_transcript_and_leave_others_alone(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    transcript.ask("How tall is it?")
    await store.append(MAIN, transcript.entries)
    assert (await see(client))["title"] == "How tall is it?"
    await client.record([{"updateSession": {"session": NAME, "tags": ["mine"]}}])
    await store.append(MAIN, [mark("ai-title", aiTitle="Heights")])
    await store.append(MAIN, [mark("tag", tag="one")])
    seen = await see(client)
    assert (seen["title"], seen["tags"]) == ("Heights", ["mine", "one"])
    await store.append(MAIN, [mark("tag", tag="two")])
    assert (await see(client))["tags"] == ["mine", "two"]
    await store.append(MAIN, [mark("tag", tag="")])
    assert (await see(client))["tags"] == ["mine"]


async def test_a_question_waits_until_it_is_answered(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    transcript.ask("Plan it")
    transcript.respond(use("toolu_1", "ExitPlanMode", plan="First this, then that."))
    await store.append(MAIN, transcript.entries)
    seen = await see(client)
    assert seen["status"] == "WAITING"
    assert seen["confirmations"]["nodes"][0]["userMessage"] == "First this, then that."
    transcript.result(
        "toolu_1",
        "The user doesn't want to proceed with this tool use.",
        is_error=True,
    )
    await store.append(MAIN, transcript.entries[-1:])
    seen = await see(client)
    assert seen["status"] == "ACTIVE"
    assert seen["confirmations"]["nodes"][0]["status"] == "DENIED"
    assert seen["toolCalls"]["nodes"][0]["status"] == "DENIED"


async def test_what_a_rule_denies_asks_nobody(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    transcript.respond(use("toolu_1", "Bash", command="rm"), use("toolu_2", "Bash", command="ls"))
    rule = {"decision": "reject", "source": "config"}
    transcript.result("toolu_1", "Permission denied.", is_error=True, permissionDecision=rule)
    person = {"decision": "accept", "source": "user_temporary"}
    transcript.result("toolu_2", "a", permissionDecision=person)
    await store.append(MAIN, transcript.entries)
    seen = await see(client)
    assert [call["status"] for call in seen["toolCalls"]["nodes"]] == ["DENIED", "SUCCEEDED"]
    assert [
        (each["toolCall"]["toolCallId"], each["status"]) for each in seen["confirmations"]["nodes"]
    ] == [("toolu_2", "APPROVED")]


async def test_the_calls_of_tools_that_the_provider_runs_have_their_results(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    search = {
        "type": "server_tool_use",
        "id": "srvtoolu_1",
        "name": "web_search",
        "input": {"query": "x"},
    }
    found = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"u": 1}]}
    transcript.respond(search, found, text("Found."))
    await store.append(MAIN, transcript.entries)
    (call,) = (await see(client))["toolCalls"]["nodes"]
    assert (call["toolName"], call["status"], call["result"]) == (
        "web_search",
        "SUCCEEDED",
        [{"u": 1}],
    )


async def test_an_error_of_the_provider_is_a_message_of_its_own(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    message = {"role": "assistant", "model": "<synthetic>", "content": [text("API Error: 500")]}
    transcript.add("assistant", message=message, isApiErrorMessage=True)
    await store.append(MAIN, transcript.entries)
    (seen,) = (await see(client))["messages"]["nodes"]
    assert (seen["status"], seen["error"], seen["responseModel"]) == (
        "ERROR",
        "API Error: 500",
        None,
    )


async def test_thoughts_are_in_no_message(
    client: SessiongraphClient, store: SessiongraphSessionStore
) -> None:
    transcript = Transcript(ID)
    transcript.respond(thinking("A secret thought"), text("Aloud"))
    for entry in transcript.entries:
        await store.append(MAIN, [entry])
    (seen,) = (await see(client))["messages"]["nodes"]
    assert (seen["content"], seen["inputTokens"]) == ("Aloud", 115)
    assert await store.load(MAIN) == transcript.entries


async def test_what_the_server_does_not_take_is_left_out_and_the_entries_are_kept(
    client: SessiongraphClient,
    store: SessiongraphSessionStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    transcript = Transcript(ID)
    transcript.ask("Plan it")
    await store.append(MAIN, transcript.entries)
    await client.record([{"endSession": {"session": NAME}}])  # then it asks nobody any more
    transcript.respond(use("toolu_1", "ExitPlanMode", plan="First this."))
    transcript.result("toolu_1", "Do it.")
    await store.append(MAIN, transcript.entries[1:])
    assert await store.load(MAIN) == transcript.entries
    seen = await see(client)
    assert said(seen) == [("USER", "Plan it"), ("ASSISTANT", ""), ("TOOL", "Do it.")]
    assert seen["confirmations"]["nodes"] == []
    assert [record.getMessage().split(" is left out")[0] for record in caplog.records] == [
        "reference, requestConfirmation",
        "decideConfirmation",
    ]
