"""The example and the guide of the Claude Agent SDK's store."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from claude_agent_sdk import SessionKey
from graphql import build_schema, parse, validate
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore

from tests.claude_transcripts import report
from tests.conftest import Server

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guides/claude-agent-sdk.md").read_text()
ID = "0b8a6ad2-6d5a-4c4e-9f4e-1f0b7d6d1a01"
MAIN: SessionKey = {"project_key": "-home-ada-report", "session_id": ID}


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_example_runs(server: Server, api_key: str, tmp_path: Path) -> None:
    example = str(ROOT / "examples/claude_agent_sdk/main.py")
    ran = subprocess.run(
        [sys.executable, example, "--url", server.url, "--directory", str(tmp_path)],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "adapters"),
            "SESSIONGRAPH_API_KEY": api_key,
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "the SDK lists 'How long is the draft?'",
        "the SDK reads 4 messages, and subagents ['1']",
        "its fork has 4 messages",
        "a dashboard sees 'How long is the draft?'",
        "  USER: How long is the draft?",
        "  ASSISTANT: ",
        "  TOOL: 42",
        "  ASSISTANT: It has 42 words.",
        "  Agent SUCCEEDED: {'title': 'Count words', 'messageCount': 2}",
    ]


@pytest.mark.parametrize("document", blocks("graphql"))
def test_the_guides_queries_are_valid(document: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text())
    assert validate(schema, parse(document)) == []


async def test_the_guides_answer_is_the_servers(client: SessiongraphClient) -> None:
    store = SessiongraphSessionStore(client)
    main, agent = report(ID)
    await store.append(MAIN, main)
    await store.append({**MAIN, "subpath": "subagents/agent-a1"}, agent)
    (answer,) = (json.loads(block) for block in blocks("json"))
    data = await client.query(blocks("graphql")[0], session=f"-home-ada-report/{ID}")
    told, seen = answer["session"], data["session"]
    for name in ("title", "tags", "status", "inputTokens", "outputTokens"):
        assert told[name] == seen[name]
    assert told["messages"]["nodes"] == seen["messages"]["nodes"][:2]
    assert told["toolCalls"]["nodes"][0] in seen["toolCalls"]["nodes"]
    (told_of, seen_of) = (each["confirmations"]["nodes"][0] for each in (told, seen))
    assert seen_of["reason"].startswith(told_of["reason"])
    assert {**seen_of, "reason": ""} == {**told_of, "reason": ""}


def test_the_guides_lines_are_python() -> None:
    (lines,) = blocks("python")
    indented = "\n".join(f"    {line}" for line in lines.splitlines())
    compile(f"async def run(key):\n{indented}", "guide", "exec")
