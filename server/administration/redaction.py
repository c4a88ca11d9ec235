"""Writes `[forgotten]` in place of a person's ID in what others said.

Only the ID changes: documents keep every other letter. The log of a module state still replays to
it, since the ID is replaced in all of it at once, and its hash is worked out anew. What others
refer to stays: unique names, and the ids that runtimes gave to tool calls.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orjson import Fragment, loads
from sqlalchemy import JSON, Column, Table, Text, UniqueConstraint, cast, select, update

from models import (
    ApiKey,
    Message,
    ModuleState,
    Session,
    StateSnapshot,
    StateTransition,
)
from resolvers.identifiers import PREFIXES, table_of
from resolvers.recording import Answer, Recording, digest
from server.administration.person_columns import searched_columns

FORGOTTEN = "[forgotten]"

_API_KEYS, _MESSAGES = table_of(ApiKey), table_of(Message)
_STATES, _SNAPSHOTS = table_of(ModuleState), table_of(StateSnapshot)
_TRANSITIONS = table_of(StateTransition)
_OF_STATES = (
    _STATES.c.state,
    _SNAPSHOTS.c.state,
    _TRANSITIONS.c.previous_values,
    _TRANSITIONS.c.new_values,
)
"""What is one history: it changes as a whole."""
_LITERAL = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?')
"""A string of a JSON text; with a colon it is a key."""


def can_be_redacted(column: Column[Any]) -> bool:
    """Whether a column holds what somebody said, and not a name that others refer to."""
    table = column.table
    if (
        table not in PREFIXES
        or table is table_of(ApiKey)
        or column is table_of(Message).c.tool_call_id
    ):
        return False
    return not any(
        column.name in constraint.columns
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    )


def redact_documents(word: re.Pattern[str], documents: Sequence[str]) -> list[str]:
    """Replace a word in all strings of some JSON texts.

    In their keys too, unless two of them would become one.
    """
    literals = [match for each in documents for match in _LITERAL.finditer(each)]
    keys = {json.loads(match[1]) for match in literals if match[2]}
    keeps_keys = len({word.sub(FORGOTTEN, key) for key in keys}) < len(keys)

    def redact(match: re.Match[str]) -> str:
        if match[2] and keeps_keys:
            return match[0]
        said = json.loads(match[1])
        redacted = word.sub(FORGOTTEN, said)
        if redacted == said:
            return match[0]
        return json.dumps(redacted, ensure_ascii=False) + (match[2] or "")

    return [_LITERAL.sub(redact, each) for each in documents]


async def redact_rows(
    recording: Recording, *, table: Table, ids: Sequence[UUID], word: re.Pattern[str]
) -> Answer:
    """Replace a word in rows of a table, and in the histories of states that they are of.

    Gives how many rows changed, by table.
    """
    columns = [each for each in searched_columns(table) if can_be_redacted(each)]
    whole = [each for each in columns if each in _OF_STATES]
    single = [each for each in columns if each not in _OF_STATES]
    changed = Counter({table.name: await _redact_single(recording, table, ids, single, word)})
    if whole:
        state = table.c.id if table is _STATES else table.c.module_state_id
        found = await recording.execute(
            select(state)
            .where(table.c.project_id == recording.project_id, table.c.id.in_(ids))
            .distinct()
            .order_by(state)
        )
        for state_id in found.scalars().all():
            changed.update(await _redact_state(recording, state_id, word))
    return dict(changed)


async def _redact_single(
    recording: Recording,
    table: Table,
    ids: Sequence[UUID],
    columns: Sequence[Column[Any]],
    word: re.Pattern[str],
) -> int:
    if not columns:
        return 0
    own = table.c.project_id == recording.project_id
    found = await recording.execute(
        select(table.c.id, *map(_read, columns))
        .where(own, table.c.id.in_(ids))
        .order_by(table.c.id)
        .with_for_update(key_share=True)
    )
    changed = 0
    for row in found.all():
        values = {
            column: value
            for column, said in zip(columns, row[1:], strict=True)
            if said is not None and (value := _redact(column, said, word)) is not None
        }
        if values:
            await recording.execute(update(table).where(own, table.c.id == row.id).values(values))
            changed += 1
    return changed


def _read(column: Column[Any]) -> Any:
    return cast(column, Text).label(column.name) if isinstance(column.type, JSON) else column


def _redact(column: Column[Any], said: Any, word: re.Pattern[str]) -> Any:
    """Give what a column is to hold; None for what it holds."""
    if isinstance(column.type, JSON):
        (redacted,) = redact_documents(word, [said])
        return None if redacted == said else Fragment(redacted)
    if isinstance(said, list):
        listed = [word.sub(FORGOTTEN, each) for each in said]
        return None if listed == said else listed
    text = word.sub(FORGOTTEN, said)
    return None if text == said else text


async def _redact_state(
    recording: Recording, state_id: UUID, word: re.Pattern[str]
) -> Counter[str]:
    """Replace a word in a module state, its snapshots and its whole log; count rows by table."""
    project_id = recording.project_id
    sessions = table_of(Session).c
    session = select(_STATES.c.session_id).where(
        _STATES.c.project_id == project_id, _STATES.c.id == state_id
    )
    await recording.execute(  # the session first, as everywhere, so that writers cannot deadlock
        select(sessions.id)
        .where(sessions.project_id == project_id, sessions.id == session.scalar_subquery())
        .with_for_update()
    )
    places: list[tuple[Column[Any], UUID]] = []
    documents: list[str] = []
    for column in _OF_STATES:
        table = column.table
        of_state = table.c.id if table is _STATES else table.c.module_state_id
        found = await recording.execute(
            select(table.c.id, cast(column, Text))
            .where(table.c.project_id == project_id, of_state == state_id, column.is_not(None))
            .order_by(table.c.id)
        )
        for own_id, document in found.all():
            places.append((column, own_id))
            documents.append(document)
    changed: set[tuple[str, UUID]] = set()
    redacted = redact_documents(word, documents)
    for (column, own_id), before, after in zip(places, documents, redacted, strict=True):
        if after == before:
            continue
        values: dict[str, Any] = {column.name: Fragment(after)}
        if column.table is _STATES:
            values["state_hash"] = digest(loads(after))
        table = column.table
        await recording.execute(
            update(table)
            .where(table.c.project_id == project_id, table.c.id == own_id)
            .values(values)
        )
        changed.add((table.name, own_id))
    return Counter(name for name, _ in changed)
