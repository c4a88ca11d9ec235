"""The chat form: what goes out comes in again as the same chat."""

from pathlib import Path
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.chat import export_chats
from exchange.formats.table import FORMATS
from exchange.json_lines import read_lines
from resolvers.context import Context
from tests.exchange.archive.archives import EVERYTHING, new_project
from tests.factories import create_agent, create_session, record_message
from tests.graphql_client import GraphQLClient
from tests.history import fill

TRANSCRIPT: dict[str, Any] = {
    "session_id": "imported",
    "agent": "bot",
    "metadata": {"source": "elsewhere"},
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url"}]},
        {
            "role": "assistant",
            "content": None,
            "refusal": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": '{"b": 1.50,\n "a": 2}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ],
}


async def _export(engine: AsyncEngine, project_id: int = 1) -> list[dict[str, Any]]:
    written = b"".join([piece async for piece in export_chats(engine, project_id, EVERYTHING)])
    return [orjson.loads(line) for line in written.splitlines()]


async def _import(engine: AsyncEngine, project_id: int, folder: Path, chats: list[Any]) -> None:
    path = folder / "chats.jsonl"
    path.write_bytes(b"".join(orjson.dumps(chat) + b"\n" for chat in chats))
    take = FORMATS["chat-completions"].take
    async for line in take(Context(engine, project_id), read_lines(path)):
        assert line.refusal is None


async def test_what_was_imported_goes_out_as_it_came(engine: AsyncEngine, tmp_path: Path) -> None:
    await _import(engine, 1, tmp_path, [TRANSCRIPT])
    assert await _export(engine) == [TRANSCRIPT]


async def test_what_was_recorded_goes_out_as_a_chat(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_agent(graphql, "a")
    session = await create_session(graphql, "parent", agent="a", metadata={"k": 1})
    await record_message(graphql, "parent", role="DEVELOPER", content="Do", name="n")
    parts = {"role": "user", "content": "Another text than the message's"}
    await record_message(graphql, "parent", content="Edited", parts=parts)
    await record_message(
        graphql,
        "parent",
        role="ASSISTANT",
        content=None,
        parts=[{"type": "tool_use"}],
        toolCalls=[{"toolName": "f", "toolCallId": "c", "arguments": {"q": [1.0]}}],
    )
    await record_message(graphql, "parent", role="TOOL", toolCallId="c", content="r")
    await create_session(graphql, "child", parent=session["id"], kind="SUBAGENT")
    assert await _export(engine) == [
        {
            "session_id": "parent",
            "agent": "a",
            "metadata": {"k": 1},
            "messages": [
                {"role": "developer", "content": "Do", "name": "n"},
                {"role": "user", "content": "Edited"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "c",
                            "type": "function",
                            "function": {"name": "f", "arguments": '{"q":[1.0]}'},
                        }
                    ],
                },
                {"role": "tool", "content": "r", "tool_call_id": "c"},
            ],
        },
        {"session_id": "child", "metadata": {"parent": "parent"}, "messages": []},
    ]


async def test_chats_of_any_store_are_taken_in(engine: AsyncEngine, tmp_path: Path) -> None:
    await fill(engine, 2)
    chats = await _export(engine)
    assert len(chats) == 8
    other = await new_project(engine, "other")
    await _import(engine, other, tmp_path, chats)
    again = sorted(await _export(engine, other), key=lambda chat: str(chat["session_id"]))
    assert again == sorted(chats, key=lambda chat: str(chat["session_id"]))
