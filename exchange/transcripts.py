"""Imports transcripts line by line, where each line is a session."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

import orjson

from exchange import json_lines
from exchange.json_lines import Line
from exchange.records import Document, LineRefusedError, SessionRecord
from exchange.session_recording import record_session
from resolvers.context import Context
from resolvers.errors import Conflict, DomainError, Invalid
from resolvers.recording import Answer, Recording, digest
from resolvers.transaction import record

Read = Callable[[Sequence[Document]], SessionRecord]
"""Reads a session from the documents that tell of it. Raises `LineRefusedError` or `Invalid`."""


@dataclass(frozen=True)
class ImportedLine:
    """What became of a line or a session: counts of what was added, or why it was refused.

    `end` is how far the file is worked off, in bytes. A session that was there already is not new,
    though messages may have been added to it.
    """

    number: int
    end: int
    messages: int = 0
    tool_calls: int = 0
    is_new: bool = False
    refusal: str | None = None


Outcome = Callable[..., ImportedLine]


async def import_each_line(
    read: Read, context: Context, lines: Iterable[Line]
) -> AsyncIterator[ImportedLine]:
    """Import each line as a session, in a transaction of its own; give what became of it.

    A session that is there from the same line is left as it is, so an import can be repeated, and
    goes on where it was broken off. Raises `UnreadableFileError`.
    """
    for line in lines:
        outcome = partial(ImportedLine, number=line.number, end=line.end)
        try:
            document = Document(line.number, parse(line))
        except Invalid as error:
            yield outcome(refusal=error.message)
        else:
            yield await import_session(read, context, [document], outcome, grows=False)


def parse(line: Line) -> dict[str, Any]:
    """Read the object that a line is. Raises `Invalid`."""
    value = parse_any(line)
    if not isinstance(value, dict):
        raise Invalid("Not a JSON object.")
    return value


def parse_any(line: Line) -> Any:
    """Read the JSON value that a line is. Raises `Invalid`."""
    if line.text is None:
        raise Invalid(f"Longer than {json_lines.MAXIMUM_LINE_BYTES} bytes.")
    try:
        return orjson.loads(line.text)
    except ValueError as error:
        raise Invalid("Not a JSON object.") from error


async def import_session(
    read: Read,
    context: Context,
    documents: Sequence[Document],
    outcome: Outcome,
    *,
    grows: bool,
) -> ImportedLine:
    """Import a session from its documents, whole or not at all.

    With `grows`, one that was imported from other documents gets what is new in these.
    """
    try:
        session = read(documents)
        answer = await _record(context, documents, session, grows=grows)
    except LineRefusedError as refused:
        return outcome(number=refused.line, refusal=describe(refused.error))
    except Conflict as error:
        if error.field != "idempotencyKey":
            return outcome(refusal=describe(error))
        return outcome(refusal="session_id: Imported before from another line of this name.")
    except DomainError as error:
        return outcome(refusal=describe(error))
    if answer["replayed"]:
        return outcome()
    added = {name: answer[name] for name in ("messages", "tool_calls")}
    return outcome(**added, is_new=answer["is_new"])


async def _record(
    context: Context, documents: Sequence[Document], session: SessionRecord, *, grows: bool
) -> Answer:
    values = [document.value for document in documents]
    transcript = values if grows else values[0]
    try:
        return await _record_once(context, session.name, session, transcript, is_new=True)
    except Conflict as error:
        if not grows or error.field not in {"idempotencyKey", "session_id", "sessionId"}:
            raise
    name = digest({"session": session.name, "transcript": values}).hex()
    return await _record_once(context, name, session, transcript, is_new=False)


async def _record_once(
    context: Context, name: str, session: SessionRecord, transcript: Any, *, is_new: bool
) -> Answer:
    async def run(recording: Recording, *, transcript: Any) -> Answer:
        del transcript  # what the session was read from; the key is good for that only
        return {**await record_session(recording, session, grows=not is_new), "is_new": is_new}

    return await record(
        context,
        "import",
        run,
        {"transcript": transcript},
        idempotency_key=f"import/{sha256(name.encode()).hexdigest()}",
    )


def describe(error: DomainError) -> str:
    """Say what is wrong in a line, field first."""
    return f"{error.field}: {error.message}" if error.field else error.message
