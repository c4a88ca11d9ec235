"""Chat transcripts as JSON Lines."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange import json_lines
from exchange.transcripts import ImportedLine
from tests.exchange.taken import take_file
from tests.graphql_client import GraphQLClient


async def take(engine: AsyncEngine, file: Path, *lines: Any) -> list[ImportedLine]:
    """Import lines: objects as JSON, text as it is."""
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("\n".join(written) + "\n")
    return await take_file(engine, file, "chat-completions")


def session(name: str, *messages: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {"session_id": name, "messages": list(messages), **values}


USER = {"role": "user", "content": "Hello"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "transcripts.jsonl"


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("nonsense", "Not a JSON object."),
        ("[]", "Not a JSON object."),
        ("{}", "session_id: Must be text."),
        ({"session_id": "b"}, "messages: Must be a list."),
        ({"session_id": 1, "messages": []}, "session_id: Must be text."),
        (session("b", agent=1), "agent: Must be text."),
        (session("", USER), "sessionId: Must not be empty."),
        ({"session_id": "b", "messages": [1]}, "messages: Every message must be an object."),
        (session("b", USER, {"role": "parrot"}), "messages.1.role: Must be one of system, "),
        (session("b", {"role": "user", "content": 1}), "messages.0.content: Must be text, a list"),
        (session("b", {**USER, "content": "\x00"}), "messages.0.content: Must not hold NUL"),
        (session("b", {"role": "assistant", "tool_calls": [{}]}), "messages.0.tool_calls.0: Must"),
        (session("b", metadata=[[[]]] * 9_000_000), "metadata: Must not be larger"),
    ],
    ids=lambda given: str(given)[:30],
)
async def test_a_bad_line_is_refused_and_the_others_are_taken(
    engine: AsyncEngine, file: Path, line: Any, refusal: str
) -> None:
    imported = await take(engine, file, session("a", USER), line, session("c", USER))
    assert [item.is_new for item in imported] == [True, False, True]
    assert imported[1].number == 2
    assert str(imported[1].refusal).startswith(refusal)
    async with engine.connect() as connection:
        names = (await connection.execute(text("SELECT session_id FROM sessions"))).scalars()
        assert sorted(names) == ["a", "c"]


async def test_it_goes_on_where_it_was_broken_off(engine: AsyncEngine, file: Path) -> None:
    lines = [session(name, USER, USER, agent="bot") for name in "abc"]
    await take(engine, file, *lines[:2])
    imported = await take(engine, file, *lines)
    assert [item.is_new for item in imported] == [False, False, True]
    assert [item.messages for item in imported] == [0, 0, 2]
    assert imported[-1].end == file.stat().st_size


async def test_a_session_that_differs_is_refused(
    engine: AsyncEngine, file: Path, graphql: GraphQLClient
) -> None:
    await take(engine, file, session("a", USER))
    (imported,) = await take(engine, file, session("a", USER, USER))
    assert imported.refusal == "session_id: Imported before from another line of this name."
    await graphql.record("createSession", "created", sessionId="b")
    (imported,) = await take(engine, file, session("b", USER))
    assert str(imported.refusal).startswith("sessionId: There is one of this name, made from")


async def test_a_line_that_is_too_long_is_passed_over(
    engine: AsyncEngine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_lines, "MAXIMUM_LINE_BYTES", 200)
    long = session("long", {**USER, "content": "x" * 900})
    imported = await take(engine, file, session("a", USER), long, session("b", USER))
    assert [item.is_new for item in imported] == [True, False, True]
    assert [item.number for item in imported] == [1, 2, 3]
    assert imported[1].refusal == "Longer than 200 bytes."


async def test_what_is_odd_is_kept(engine: AsyncEngine, file: Path, graphql: GraphQLClient) -> None:
    broken = {"name": "look", "arguments": '{"a": '}
    spaced = {"name": "look", "arguments": '{ "b": 1,\n "a": 2 }'}
    parts = [{"type": "text", "text": "One"}, {"type": "image"}, {"type": "text", "text": "Two"}]
    calls = [{"id": "c", "function": broken}, {"id": "c", "function": spaced}]
    told = session(
        "a",
        {"role": "developer", "content": parts},
        {"role": "assistant", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c", "content": "done"},
        {"role": "tool", "tool_call_id": "unknown", "content": "lost"},
    )
    await take(engine, file, told)
    data = await graphql.execute(
        """{ session(id: "a") { status messages { nodes { role content parts
          toolCalls { nodes { attempt arguments status } } } } } }"""
    )
    messages = data["session"]["messages"]["nodes"]
    assert data["session"]["status"] == "COMPLETED"
    assert messages[0]["content"] == "One\nTwo"
    assert [message["parts"] for message in messages] == told["messages"]
    assert messages[1]["toolCalls"]["nodes"] == [
        {"attempt": 1, "arguments": '{"a": ', "status": "PENDING"},
        {"attempt": 2, "arguments": {"b": 1, "a": 2}, "status": "SUCCEEDED"},
    ]
    async with engine.connect() as connection:
        stored = await connection.execute(text("SELECT arguments::text FROM tool_calls"))
        assert spaced["arguments"] in stored.scalars().all()
