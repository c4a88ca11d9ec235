"""The chat form: one session a line, as `exchange/formats/chat_completions.py` reads it.

It has what a chat has: messages, and what they ask of tools; a message whose `parts` are the chat
message that it came as stands as it came. A session below another names it as `parent` in its
metadata. One without a name of the runtime's has its UUID for one. States, memories, metrics and
results that no message tells are only in the store's own form.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record
from sqlalchemy import Select, and_, any_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.layout import FAMILY_OF
from exchange.archive.row_reader import RowReader, snapshot
from exchange.archive.selection import WHOLES, Selection
from models import Agent, Message, MessageRole, Session, ToolCall
from resolvers.batch_loading import PROJECT
from resolvers.identifiers import table_of
from resolvers.pooled_connection import connect

_SESSIONS, _MESSAGES, _CALLS = table_of(Session), table_of(Message), table_of(ToolCall)
_ROLES = {role.value: role.value.lower() for role in MessageRole}


async def export_chats(
    engine: AsyncEngine, project_id: int, selection: Selection
) -> AsyncGenerator[bytes, None]:
    """Give the text of a file, piece by piece: a session may be larger than should be kept.

    It may take long, and holds a connection until its end. Raises the driver's errors.
    """
    async with (
        connect(engine) as connection,
        snapshot(connection, may_take_long=True) as driver,
    ):
        reader = RowReader(driver, project_id, selection.values)
        async for wholes in reader.groups(selection.wholes(FAMILY_OF[_SESSIONS])):
            async with aclosing(_chats(reader, wholes)) as pieces:
                async for piece in pieces:
                    yield piece


async def _chats(reader: RowReader, wholes: Sequence[UUID]) -> AsyncGenerator[bytes, None]:
    async with (
        aclosing(reader.rows("sessions", _sessions(), wholes)) as sessions,
        aclosing(reader.rows("messages", _messages(), wholes)) as messages,
        aclosing(reader.rows("calls", _calls(), wholes)) as calls,
    ):
        message, call = await anext(messages, None), await anext(calls, None)
        async for session in sessions:
            yield _beginning(session)
            separator = b""
            while message is not None and message["session_id"] == session["id"]:
                asked = []
                while call is not None and call["message_id"] == message["id"]:
                    asked.append(_call(call))
                    call = await anext(calls, None)
                yield separator + _message(message, asked)
                separator = b","
                message = await anext(messages, None)
            yield b"]}\n"


def _sessions() -> Select[Any]:
    sessions, parents, agents = _SESSIONS.c, _SESSIONS.alias("parents"), table_of(Agent)
    of_parent = and_(
        parents.c.project_id == sessions.project_id, parents.c.id == sessions.parent_id
    )
    of_agent = and_(agents.c.project_id == sessions.project_id, agents.c.id == sessions.agent_id)
    return (
        select(
            sessions.id,
            sessions.session_id,
            sessions.metadata,
            agents.c.agent_id.label("agent"),
            parents.c.id.label("parent_id"),
            parents.c.session_id.label("parent_name"),
        )
        .select_from(_SESSIONS.outerjoin(parents, of_parent).outerjoin(agents, of_agent))
        .where(sessions.project_id == PROJECT, sessions.root_id == any_(WHOLES))
        .order_by(*_order())
    )


def _messages() -> Select[Any]:
    messages = _MESSAGES.c
    names = ("id", "session_id", "role", "name", "content", "tool_call_id", "parts")
    return (
        select(*[messages[name] for name in names])
        .select_from(_SESSIONS)
        .join(_MESSAGES, _of_session(messages))
        .where(_SESSIONS.c.project_id == PROJECT, messages.project_id == PROJECT)
        .where(_SESSIONS.c.root_id == any_(WHOLES))
        .order_by(*_order(), messages.sequence)
    )


def _calls() -> Select[Any]:
    messages, calls = _MESSAGES.c, _CALLS.c
    names = ("id", "message_id", "tool_call_id", "tool_type", "tool_name", "arguments")
    of_message = and_(calls.project_id == messages.project_id, calls.message_id == messages.id)
    return (
        select(*[calls[name] for name in names])
        .select_from(_SESSIONS)
        .join(_MESSAGES, _of_session(messages))
        .join(_CALLS, of_message)
        .where(_SESSIONS.c.project_id == PROJECT, messages.project_id == PROJECT)
        .where(calls.project_id == PROJECT, _SESSIONS.c.root_id == any_(WHOLES))
        .order_by(*_order(), messages.sequence, calls.index)
    )


def _of_session(messages: Any) -> Any:
    return and_(
        messages.project_id == _SESSIONS.c.project_id, messages.session_id == _SESSIONS.c.id
    )


def _order() -> list[Any]:
    return [_SESSIONS.c.root_id, _SESSIONS.c.depth, _SESSIONS.c.id]


def _beginning(session: Record) -> bytes:
    """Write a session's line up to its first message."""
    metadata: Any = orjson.Fragment(session["metadata"])
    if session["parent_id"] is not None:
        own = orjson.loads(session["metadata"])
        named = {"parent": session["parent_name"] or str(session["parent_id"])}
        metadata = {**named, **own} if isinstance(own, dict) else named
    agent = {} if session["agent"] is None else {"agent": session["agent"]}
    line = {"session_id": session["session_id"] or str(session["id"]), **agent}
    return orjson.dumps({**line, "metadata": metadata, "messages": []}).removesuffix(b"]}")


def _message(message: Record, calls: Sequence[Mapping[str, Any]]) -> bytes:
    parts = message["parts"]
    if parts is not None and _is_chat_message(orjson.loads(parts), message):
        text: str = parts
        return text.replace("\n", " ").replace("\r", " ").encode()
    said: dict[str, Any] = {"role": _ROLES[message["role"]], "content": message["content"]}
    if message["name"] is not None:
        said["name"] = message["name"]
    if message["tool_call_id"] is not None:
        said["tool_call_id"] = message["tool_call_id"]
    if calls:
        said["tool_calls"] = calls
    return orjson.dumps(said)


def _is_chat_message(parts: Any, message: Record) -> bool:
    """Whether parts are the chat message itself, and say what the message says."""
    if not isinstance(parts, dict) or parts.get("role") != _ROLES[message["role"]]:
        return False
    content = parts.get("content")
    return content == message["content"] or isinstance(content, list)


def _call(call: Record) -> dict[str, Any]:
    return {
        "id": call["tool_call_id"] or str(call["id"]),
        "type": call["tool_type"] or "function",
        "function": {"name": call["tool_name"], "arguments": call["arguments"] or "{}"},
    }
