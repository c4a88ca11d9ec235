"""Finding the rows that an input names, inside a transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import InstrumentedAttribute

from models import Session, ToolCall
from resolvers.errors import Conflict, Invalid, NotFound
from resolvers.identifiers import PREFIXES, decode, decode_as, encode, key_of, table_of
from resolvers.recording import Recording
from resolvers.validation import check_name


async def find(
    recording: Recording, model: type[Any], reference: str, field: str, *, lock: bool = False
) -> Row[Any]:
    """Find a row by its TypeID. Raises `Invalid` or `NotFound`, naming the input."""
    key = {"id": decode_as(table_of(model), recording.identify(reference), field)}
    return _found(await recording.row(model, lock=lock, **key), model, field)


async def find_named(
    recording: Recording,
    own_name: InstrumentedAttribute[Any],
    reference: str,
    field: str,
    *,
    lock: bool = False,
) -> Row[Any]:
    """Find a row by its TypeID or by the runtime's own name for it, in the column `own_name`."""
    model: type[Any] = own_name.parent.class_
    key = key_of(table_of(model).c[own_name.key], recording.identify(reference), field)
    return _found(await recording.row(model, lock=lock, **key), model, field)


async def find_optional(
    recording: Recording, model: type[Any], reference: str | None, field: str
) -> UUID | None:
    """Find the UUID of a row by its TypeID; None for None."""
    return None if reference is None else (await find(recording, model, reference, field)).id


async def find_tool_call(
    recording: Recording, reference: str, session: str | None, field: str, *, lock: bool = False
) -> Row[Any]:
    """Find a call by its TypeID, or by the runtime's own id and its session (the last attempt).

    The latter is locked, and its session before it (see `lock_session`).
    """
    if decode(recording.identify(reference)) is not None:
        return await find(recording, ToolCall, reference, field, lock=lock)
    check_name(reference, field)
    if session is None:
        raise Invalid(
            "A runtime's own id is unique in its session only; give `session` too.", field="session"
        )
    within = await find_named(recording, Session.session_id, session, "session", lock=True)
    found = await recording.last_attempts(within.id, [reference])
    return _found(found.get(reference), ToolCall, field)


async def lock_session(recording: Recording, session_id: UUID, named: str | None) -> None:
    """Lock the session of an object that was found, and check it against the one named with it.

    Sessions are locked before what is in them, always in this order, so that writers cannot
    deadlock. Raises `Invalid` or `NotFound`.
    """
    own_id = encode("session", session_id)
    session = await find(recording, Session, own_id, "session", lock=True)
    named = named and recording.identify(named)
    if named not in {None, own_id, session.session_id}:
        await find_named(recording, Session.session_id, named or "", "session")
        raise Invalid("This is another session; it may be left out.", field="session")


def _found(row: Row[Any] | None, model: Any, field: str) -> Row[Any]:
    if row is None:
        raise not_found(model, field)
    return row


def not_found(model: Any, field: str) -> NotFound:
    """Say that a project has no such row."""
    noun = PREFIXES[table_of(model)].replace("_", " ")
    return NotFound(f"There is no such {noun} in this project; create it first.", field=field)


def check_revision(row: Row[Any] | None, expected: int | None) -> None:
    """Raise `Conflict`, with the current revision, unless the row has the expected one.

    The revision of a row that is not there is 0.
    """
    if row is None:
        if expected:
            raise Conflict(
                "There is none yet; its revision is 0.", field="expectedRevision", currentRevision=0
            )
    elif expected is not None and expected != row.revision:
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
