"""Finding the rows that an input names, inside a transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import InstrumentedAttribute

from models import Session, ToolCall
from resolvers.errors import Conflict, Invalid, NotFound
from resolvers.identifiers import PREFIXES, decode, decode_as, encode, matches, table_of
from resolvers.recording import Recording
from resolvers.validation import check_name


async def find(
    recording: Recording, model: type[Any], reference: str, field: str, *, lock: bool = False
) -> Row[Any]:
    """Find a row by its TypeID. Raises `Invalid` or `NotFound`, naming the input."""
    table = table_of(model)
    condition = table.c.id == decode_as(table, reference, field)
    return await _find(recording, model, condition, field, lock=lock)


async def find_named(
    recording: Recording,
    own_name: InstrumentedAttribute[Any],
    reference: str,
    field: str,
    *,
    lock: bool = False,
) -> Row[Any]:
    """Find a row by its TypeID or by the runtime's own name for it, in the column `own_name`."""
    column = table_of(own_name.class_).c[own_name.key]
    condition = matches(column, reference, field)
    return await _find(recording, own_name.class_, condition, field, lock=lock)


async def find_optional(
    recording: Recording, model: type[Any], reference: str | None, field: str
) -> UUID | None:
    """Find the UUID of a row by its TypeID; None for None."""
    return None if reference is None else (await find(recording, model, reference, field)).id


async def find_tool_call(
    recording: Recording, reference: str, session: str | None, field: str, *, lock: bool = False
) -> Row[Any]:
    """Find a call by its TypeID, or by the runtime's own id and its session (the last attempt)."""
    if decode(reference) is not None:
        return await find(recording, ToolCall, reference, field, lock=lock)
    check_name(reference, field)
    if session is None:
        raise Invalid(
            "A runtime's own id is unique in its session only; give `session` too.", field="session"
        )
    within = await find_named(recording, Session.session_id, session, "session")
    call = await last_attempt(recording, within.id, reference, lock=lock)
    if call is None:
        raise not_found(ToolCall, field)
    return call


async def lock_session(recording: Recording, session_id: UUID, named: str | None) -> None:
    """Lock the session of an object that was found, and check it against the one named with it.

    Sessions are locked before what is in them, always in this order, so that writers cannot
    deadlock. Raises `Invalid` or `NotFound`.
    """
    own_id = encode("session", session_id)
    session = await find(recording, Session, own_id, "session", lock=True)
    if named not in {None, own_id, session.session_id}:
        await find_named(recording, Session.session_id, named or "", "session")
        raise Invalid("This is another session; it may be left out.", field="session")


async def last_attempt(
    recording: Recording, session_id: UUID, tool_call_id: str, *, lock: bool
) -> Row[Any] | None:
    """Find the last attempt of a call by the runtime's own id; None where there is none."""
    columns = table_of(ToolCall).c
    statement = (
        select(table_of(ToolCall))
        .where(
            columns.project_id == recording.project_id,
            columns.session_id == session_id,
            columns.tool_call_id == tool_call_id,
        )
        .order_by(columns.attempt.desc())
        .limit(1)
    )
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await recording.connection.execute(statement)).one_or_none()


async def _find(
    recording: Recording, model: Any, condition: ColumnElement[bool], field: str, *, lock: bool
) -> Row[Any]:
    table = table_of(model)
    statement = select(table).where(table.c.project_id == recording.project_id, condition)
    if lock:
        statement = statement.with_for_update(key_share=True)
    row = (await recording.connection.execute(statement)).one_or_none()
    if row is None:
        raise not_found(model, field)
    return row


def not_found(model: Any, field: str) -> NotFound:
    """Say that a project has no such row."""
    noun = PREFIXES[table_of(model)].replace("_", " ")
    return NotFound(f"There is no such {noun} in this project; create it first.", field=field)


def check_revision(row: Row[Any], expected: int | None) -> None:
    """Raise `Conflict`, with the current revision, unless the row has the expected one."""
    if expected is not None and expected != row.revision:
        raise Conflict(
            "It was changed meanwhile; read it again and repeat the change on that.",
            field="expectedRevision",
            currentRevision=row.revision,
        )


def check_own_name(name: str, field: str) -> None:
    """Check a runtime's own name for an object: a name that is no id of ours."""
    check_name(name, field)
    if decode(name) is not None:
        raise Invalid("This is an id of the API; choose a name of your own.", field=field)


def check_same_input(row: Row[Any], input_hash: bytes, field: str) -> None:
    """Raise `Conflict` unless a row that has the name already came from the same input."""
    if row.input_hash != input_hash:
        raise Conflict(
            "There is one of this name, made from another input; read or update that one.",
            field=field,
        )
