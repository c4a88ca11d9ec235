"""Real runs of the Claude Agent SDK and its command, with a scripted model: no key, no network."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from claude_agent_sdk import (
    ClaudeAgentOptions,
    ClaudeSDKClient,
    InMemorySessionStore,
    PermissionResultAllow,
    PermissionResultDeny,
    ResultMessage,
    SessionKey,
    SessionStoreEntry,
    get_session_messages_from_store,
    get_subagent_messages_from_store,
    import_session_to_store,
    list_subagents_from_store,
    project_key_for_directory,
)
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore

from tests.claude_model import Blocks, Model
from tests.claude_transcripts import text, thinking, use

SEEN = """query ($session: ID!) {
  session(id: $session) {
    title
    messages(first: 200) { nodes { role content } }
    toolCalls { nodes { toolName status } }
    children { nodes {
      kind status title metadata
      spawnedByToolCall { toolCallId }
      messages { nodes { role content } }
    } }
    confirmations { nodes { status toolName reason } }
  }
}"""


class BothStores(SessiongraphSessionStore):
    """Gives what it is given to the SDK's own store too."""

    def __init__(self, client: SessiongraphClient) -> None:
        super().__init__(client)
        self.own = InMemorySessionStore()
        self.keys: list[SessionKey] = []

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        await self.own.append(key, entries)
        await super().append(key, entries)
        self.keys.append(key)


def play(messages: list[dict[str, Any]]) -> Blocks:
    """Look, be denied, let another agent count, and tell."""
    said = json.dumps(messages)
    if "Write the report" not in said:
        return [text("There are 42 words.")]
    if "And now?" in said:
        return [text("Still 42.")]
    results = said.count('"tool_result"')
    if results == 0:
        return [
            thinking("Which files are there?"),
            text("I look."),
            use("toolu_1", "Bash", command="echo draft.md", description="list"),
            use("toolu_2", "Bash", command="rm draft.md", description="remove"),
        ]
    if results == 2:
        asked = {"description": "Count words", "prompt": "Count them"}
        asked |= {"subagent_type": "general-purpose"}
        return [use("toolu_3", "Agent", **asked, run_in_background=False)]
    return [text("The report has 42 words.")]


async def permit(
    name: str, arguments: dict[str, Any], _context: object
) -> PermissionResultAllow | PermissionResultDeny:
    if "rm" in arguments.get("command", ""):
        return PermissionResultDeny(message="Keep it.")
    return PermissionResultAllow()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Model]:
    """A scripted model, and an environment that leads to it and to nothing else."""
    for name in set(os.environ) - {"PATH", "LANG"}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "home" / ".claude"))
    monkeypatch.setenv("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1")
    monkeypatch.setenv("DISABLE_AUTOUPDATER", "1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "none")
    (tmp_path / "work").mkdir()
    with Model(play).serve() as served:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        yield served


async def run(prompt: str, store: SessiongraphSessionStore, work: Path, **options: Any) -> str:
    """Run to the end; give the session's id."""
    chosen = ClaudeAgentOptions(
        session_store=store, cwd=work, can_use_tool=permit, setting_sources=[], **options
    )
    session_id = ""
    async with ClaudeSDKClient(chosen) as agent:
        await agent.query(prompt)
        async for message in agent.receive_response():
            if isinstance(message, ResultMessage):
                assert not message.is_error, message
                session_id = message.session_id
    return session_id


@pytest.mark.parametrize("flush", ["batched", "eager"])
async def test_a_run_is_kept_told_and_resumed(
    client: SessiongraphClient, model: Model, tmp_path: Path, flush: str
) -> None:
    work = tmp_path / "work"
    store = BothStores(client)
    session_id = await run("Write the report", store, work, session_store_flush=flush)
    for key in store.keys:
        assert await store.load(key) == await store.own.load(key)
    (agent_id,) = await list_subagents_from_store(store, session_id, str(work))
    for_agent = (session_id, agent_id, str(work))
    assert await get_subagent_messages_from_store(
        store, *for_agent
    ) == await get_subagent_messages_from_store(store.own, *for_agent)
    messages = await get_session_messages_from_store(store, session_id, str(work))
    assert messages == await get_session_messages_from_store(store.own, session_id, str(work))

    name = f"{project_key_for_directory(work)}/{session_id}"
    seen = (await client.query(SEEN, session=name))["session"]
    assert seen["title"] == "Write the report"
    told = [(each["role"], each["content"]) for each in seen["messages"]["nodes"]]
    assert told[:2] == [("USER", "Write the report"), ("ASSISTANT", "I look.")]
    assert ("TOOL", "draft.md") in told
    calls = seen["toolCalls"]["nodes"]
    assert [(call["toolName"], call["status"]) for call in calls] == [
        ("Bash", "SUCCEEDED"),
        ("Bash", "DENIED"),
        ("Agent", "SUCCEEDED"),
    ]
    assert any(role == "TOOL" and "There are 42 words." in content for role, content in told)
    (child,) = seen["children"]["nodes"]
    assert (child["kind"], child["title"]) == ("SUBAGENT", "Count words")
    assert child["messages"]["nodes"][0] == {"role": "USER", "content": "Count them"}
    assert child["status"] == "COMPLETED"
    assert child["metadata"]["agentType"] == "general-purpose"
    assert child["metadata"]["toolUseId"] == "toolu_3"
    # an eager append of the subagent may come before that of its call, and is then not linked
    if flush == "batched":
        assert child["spawnedByToolCall"] == {"toolCallId": "toolu_3"}
    assert {"status": "DENIED", "toolName": "Bash", "reason": "Keep it."} in seen["confirmations"][
        "nodes"
    ]

    # what the command wrote on this machine is what is there: an import adds no message
    await import_session_to_store(session_id, store, directory=str(work))
    assert await get_session_messages_from_store(store, session_id, str(work)) == messages

    resumed = await run("And now?", store, work, resume=session_id)
    assert resumed == session_id
    sent = json.dumps(model.requests[-1]["messages"])
    assert "Write the report" in sent
    assert "The report has 42 words." in sent
    continued = await run("And now?", store, work, continue_conversation=True)
    assert continued == session_id
    contents = [
        each["content"]
        for each in (await client.query(SEEN, session=name))["session"]["messages"]["nodes"]
    ]
    assert contents.count("Still 42.") == 2
    assert contents.count("Write the report") == 1
