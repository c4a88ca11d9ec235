"""Chat transcripts as JSON Lines: one session a line, in the chat-completions form.

A line is an object of `session_id`, `messages` and, if known, `agent` (a name) and `metadata` (an
object). A message has `role` (system, developer, user, assistant, tool), `content` (text, a list of
parts, or null), `name`; an assistant's may have `tool_calls` of
`{id, type, function: {name, arguments}}`, where arguments is JSON as a string; a tool's has the
`tool_call_id` that it answers.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from models import Agent, MessageRole, SessionStatus
from resolvers.agent import create_agent
from resolvers.batch import start_batch
from resolvers.context import Context
from resolvers.errors import Conflict, DomainError, Invalid, NotFound
from resolvers.lookup import find_named
from resolvers.message import record_message
from resolvers.recording import Answer, Recording
from resolvers.session import create_session, end_session
from resolvers.transaction import record
from resolvers.validation import check_json

MAXIMUM_LINE_BYTES = 64_000_000
_ROLES = {role.value.lower(): role for role in MessageRole}


@dataclass(frozen=True)
class ImportedLine:
    """What became of a line: counts of what was added, or why it was refused.

    `end` is the file's offset behind the line, in bytes. A line that was there already is not new.
    """

    number: int
    end: int
    messages: int = 0
    tool_calls: int = 0
    is_new: bool = False
    refusal: str | None = None


async def import_transcripts(context: Context, path: Path) -> AsyncIterator[ImportedLine]:
    """Import a file line by line, each in a transaction of its own; give what became of each.

    A session that is there from the same line is left as it is, so an import can be repeated, and
    goes on where it was broken off. Raises `OSError` if the file cannot be read.
    """
    for number, line, end in _lines(path):
        outcome = partial(ImportedLine, number=number, end=end)
        if line is None:
            yield outcome(refusal=f"Longer than {MAXIMUM_LINE_BYTES} bytes.")
        elif line.strip():
            yield await _import_line(context, line, outcome)


def _lines(path: Path) -> Iterator[tuple[int, bytes | None, int]]:
    """Give number, text and end of each line; None for the text of one that is too long."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MAXIMUM_LINE_BYTES + 1):
            number += 1
            is_whole = len(line) <= MAXIMUM_LINE_BYTES or line.endswith(b"\n")
            rest = line
            while not is_whole and rest and not rest.endswith(b"\n"):
                rest = file.readline(MAXIMUM_LINE_BYTES)
            yield number, line if is_whole else None, file.tell()


async def _import_line(
    context: Context, line: bytes, outcome: "partial[ImportedLine]"
) -> ImportedLine:
    try:
        transcript = _read(line)
        answer = await record(
            context,
            "import",
            _record_transcript,
            {"transcript": transcript},
            idempotency_key=f"import/{sha256(transcript['session_id'].encode()).hexdigest()}",
        )
    except Conflict as error:
        if error.field != "idempotencyKey":
            return outcome(refusal=_describe(error))
        return outcome(refusal="session_id: Imported before from another line of this name.")
    except DomainError as error:
        return outcome(refusal=_describe(error))
    if answer["replayed"]:
        return outcome()
    return outcome(messages=answer["messages"], tool_calls=answer["tool_calls"], is_new=True)


def _describe(error: DomainError) -> str:
    return f"{error.field}: {error.message}" if error.field else error.message


def _read(line: bytes) -> dict[str, Any]:
    try:
        transcript = orjson.loads(line)
    except ValueError as error:
        raise Invalid("Not a JSON object.") from error
    if not isinstance(transcript, dict):
        raise Invalid("Not a JSON object.")
    _require(transcript, "session_id", str)
    for message in _require(transcript, "messages", list):
        if not isinstance(message, dict):
            raise Invalid("Every message must be an object.", field="messages")
    return transcript


async def _record_transcript(alone: Recording, transcript: dict[str, Any]) -> Answer:
    recording = await start_batch(alone)
    agent = transcript.get("agent")
    if agent is not None:
        await _ensure_agent(recording, _require(transcript, "agent", str))
    name = transcript["session_id"]
    created = await create_session(
        recording,
        session_id=name,
        agent=agent,
        source="import",
        metadata=transcript.get("metadata"),
    )
    if not created["created"]:
        raise Conflict("There is a session of this name already.", field="session_id")
    tool_calls = 0
    for index, message in enumerate(transcript["messages"]):
        try:
            answer = await record_message(recording, session=name, **_message(message))
        except (Invalid, NotFound) as error:
            raise error.within(f"messages.{index}") from error
        tool_calls += len(answer["tool_calls"])
    await end_session(recording, session=name, status=SessionStatus.COMPLETED)
    await recording.flush()
    return {
        "session": created["session"],
        "messages": len(transcript["messages"]),
        "tool_calls": tool_calls,
    }


async def _ensure_agent(recording: Recording, name: str) -> None:
    try:
        await find_named(recording, Agent.agent_id, name, "agent")
    except NotFound:
        await create_agent(recording, agent_id=name, name=name)


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    role = _ROLES.get(_require(message, "role", str))
    if role is None:
        raise Invalid(f"Must be one of {', '.join(_ROLES)}.", field="role")
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise Invalid("Must be a list.", field="tool_calls")
    answered = message.get("tool_call_id")
    return {
        "role": role,
        "content": _content(message.get("content")),
        "name": message.get("name"),
        "tool_call_id": answered if role is MessageRole.TOOL else None,
        "tool_calls": [_tool_call(call, index) for index, call in enumerate(calls)],
        "parts": message,
    }


def _content(content: Any) -> str | None:
    """Give a message's text: of a list of parts, that of its text parts."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise Invalid("Must be text, a list of parts, or null.", field="content")
    texts = [part.get("text") for part in content if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def _tool_call(call: Any, index: int) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        raise Invalid("Must be an object with a `function`.", field=f"tool_calls.{index}")
    return {
        "tool_name": _require(function, "name", str),
        "tool_call_id": call.get("id"),
        "tool_type": call.get("type"),
        "arguments": _arguments(function.get("arguments"), f"tool_calls.{index}.arguments"),
    }


def _arguments(text: Any, field: str) -> Any:
    """Give arguments to store: JSON to the letter; text that is no JSON as a JSON string."""
    if not isinstance(text, str):
        return text
    try:
        parsed = orjson.loads(text)
    except ValueError:
        return text
    check_json(parsed, field)
    return orjson.Fragment(text)


def _require(holder: Mapping[str, Any], name: str, kind: type[str] | type[list[Any]]) -> Any:
    found = holder.get(name)
    if not isinstance(found, kind):
        raise Invalid(f"Must be {'text' if kind is str else 'a list'}.", field=name)
    return found
