"""Chat transcripts: one session a line, with messages in the chat-completions form.

A line is an object of `session_id`, `messages` and, if known, `agent` (a name) and `metadata` (an
object). A message has `role` (system, developer, user, assistant, tool), `content` (text, a list of
parts, or null), `name`; an assistant's may have `tool_calls` of
`{id, type, function: {name, arguments}}`, where arguments is JSON as a string; a tool's has the
`tool_call_id` that it answers. Source:
https://platform.openai.com/docs/api-reference/chat/create (`messages`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from exchange.formats.reading import (
    arguments,
    content_text,
    member,
    optional,
    require,
    role,
)
from exchange.records import Document, MessageRecord, SessionRecord, ToolCallRecord, Turn
from models import MessageRole
from resolvers.errors import Invalid


def is_chat(document: dict[str, Any]) -> bool:
    """Tell whether a line looks like one of this form."""
    return isinstance(document.get("session_id"), str) and isinstance(
        document.get("messages"), list
    )


def read_chat(documents: Sequence[Document]) -> SessionRecord:
    """Read the session of a line. Raises `Invalid`."""
    (document,) = documents
    transcript = document.value
    name = require(transcript, "session_id", str)
    given = require(transcript, "messages", list)
    for message in given:
        if not isinstance(message, dict):
            raise Invalid("Every message must be an object.", field="messages")
    if transcript.get("agent") is not None:
        require(transcript, "agent", str)
    messages = []
    for index, message in enumerate(given):
        try:
            read = read_message(message)
        except Invalid as error:
            raise error.within(f"messages.{index}") from error
        read.line, read.place = document.line, f"messages.{index}"
        messages.append(read)
    return SessionRecord(
        name=name,
        agent=transcript.get("agent"),
        metadata=transcript.get("metadata"),
        turns=[Turn(messages)],
    )


def read_message(message: Mapping[str, Any]) -> MessageRecord:
    """Read a message. Raises `Invalid`."""
    told = role(message)
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise Invalid("Must be a list.", field="tool_calls")
    answered = optional(message, "tool_call_id", str)
    return MessageRecord(
        role=told,
        content=content_text(message.get("content")),
        name=optional(message, "name", str),
        tool_call_id=answered if told is MessageRole.TOOL else None,
        tool_calls=[_tool_call(call, index) for index, call in enumerate(calls)],
        parts=message,
    )


def _tool_call(call: Any, index: int) -> ToolCallRecord:
    field = f"tool_calls.{index}"
    custom, function = member(call, "custom"), member(call, "function")
    told = custom if isinstance(custom, dict) else function
    if not isinstance(told, dict):
        raise Invalid("Must be an object with a `function`.", field=field)
    try:
        return ToolCallRecord(
            tool_name=require(told, "name", str),
            tool_call_id=optional(call, "id", str),
            tool_type=optional(call, "type", str),
            arguments=(
                custom.get("input")
                if told is custom
                else arguments(told.get("arguments"), "arguments")
            ),
        )
    except Invalid as error:
        raise error.within(field) from error
