"""The sessions and memories of a person, and how they are deleted: whole, some in a transaction."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Executable,
    LargeBinary,
    Row,
    Select,
    Table,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from models import (
    Confirmation,
    Memory,
    MemoryAccess,
    MemoryAnnotation,
    MemoryRelation,
    MemoryRevision,
    Message,
    ModuleState,
    Session,
    SessionEvent,
    SessionItem,
    SessionMetric,
    Span,
    StateSnapshot,
    StateTransition,
    ToolCall,
)
from resolvers.context import Context
from resolvers.identifiers import table_of
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.row_slices import slices
from resolvers.session_deletion import delete_locked, lock_trees, with_all_below
from resolvers.transaction import record
from server.administration.person_search import NO_TIMEOUT

BATCH_ROWS = 2_000
"""About so many rows go in a transaction, unless one session or memory has more."""

Found = Sequence[Row[Any]]
"""The `id` of records, and about how many `rows` each holds."""

SESSIONS, MEMORIES = table_of(Session), table_of(Memory)
STATES = table_of(ModuleState)
_ACCESSES, _SPANS = table_of(MemoryAccess), table_of(Span)
_IN_SESSIONS = [
    table_of(model)
    for model in (
        Message,
        ToolCall,
        Confirmation,
        SessionEvent,
        SessionMetric,
        SessionItem,
        ModuleState,
    )
]
_OF_STATES = [table_of(model) for model in (StateSnapshot, StateTransition)]
_OF_MEMORIES = [
    table_of(model) for model in (MemoryRevision, MemoryAnnotation, MemoryRelation, MemoryAccess)
]


async def find_sessions(engine: AsyncEngine, project_id: int, user_id: str) -> Found:
    """Give a person's sessions and all below them, whoever's, from the bottom up.

    Each has the rows that it holds, about.
    """
    columns = SESSIONS.c
    recorded = columns.event_sequence + columns.message_count + columns.tool_call_count
    rows = 1 + recorded + columns.item_sequence
    statement = (
        select(columns.id, rows.label("rows"))
        .where(with_all_below(project_id, columns.user_id == user_id))
        .order_by(columns.depth.desc(), columns.id)
    )
    return await _read(engine, statement)


async def find_memories(engine: AsyncEngine, project_id: int, user_id: str) -> Found:
    """Give a person's memories, with the rows that each holds, about."""
    columns = MEMORIES.c
    statement = (
        select(columns.id, (columns.access_count + columns.revision).label("rows"))
        .where(columns.project_id == project_id, columns.user_id == user_id)
        .order_by(columns.id)
    )
    return await _read(engine, statement)


async def _read(engine: AsyncEngine, statement: Select[Any]) -> Found:
    async with engine.connect() as connection:
        await connection.execute(NO_TIMEOUT)
        rows: Found = (await connection.execute(statement)).all()
        return rows


def states_of(project_id: int, session_ids: Sequence[UUID]) -> Select[Any]:
    """Select the ids of the module states of some sessions."""
    return select(STATES.c.id).where(
        STATES.c.project_id == project_id, STATES.c.session_id == any_of(session_ids)
    )


async def find_drawn(
    engine: AsyncEngine, project_id: int, session_ids: Sequence[UUID]
) -> list[UUID]:
    """Give the memories of nobody that were made in some sessions, or drawn from their messages."""
    columns, messages = MEMORIES.c, table_of(Message).c
    said = select(messages.id).where(
        messages.project_id == project_id, messages.session_id == any_of(session_ids)
    )
    statement = (
        select(columns.id)
        .where(
            columns.project_id == project_id,
            columns.user_id.is_(None),
            or_(columns.session_id == any_of(session_ids), columns.source_message_id.in_(said)),
        )
        .order_by(columns.id)
    )
    async with engine.connect() as connection:
        return list((await connection.scalars(statement)).all())


def batches(found: Found) -> list[list[UUID]]:
    """Put together what goes in one transaction, in the order given."""
    return [[each.id for each in part] for part in slices(found, BATCH_ROWS)]


async def erase_sessions(context: Context, session_ids: Sequence[UUID]) -> dict[str, int]:
    """Delete sessions with all below them, as `deleteSession` does; count the rows by table.

    Uses of memories in them stay, as the memory counts and numbers them, without what was looked
    for. The spans of their traces go with them.
    """

    async def erase(recording: Recording) -> Answer:
        await recording.execute(NO_TIMEOUT)
        locked = await lock_trees(recording, session_ids)
        counted = counts_of(
            await recording.execute(sessions_with_rows(recording.project_id, locked))
        )
        await recording.execute(
            delete(Span).where(
                _SPANS.c.project_id == recording.project_id,
                _in_traces(recording.project_id, locked),
            )
        )
        await recording.execute(
            update(MemoryAccess)
            .where(
                _ACCESSES.c.project_id == recording.project_id,
                _ACCESSES.c.session_id == any_of(locked),
            )
            .values(context=None, query_text=None)
        )
        await delete_locked(recording, locked)
        return dict(counted)

    return _counts(await record(context, "forget", erase, {}))


def _in_traces(project_id: int, session_ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Whether a span is of a trace that a message of some sessions names; joins with those."""
    columns = table_of(Message).c
    traces = (
        select(func.decode(columns.trace_id, "hex", type_=LargeBinary).label("id"))
        .where(
            columns.project_id == project_id,
            columns.session_id == any_of(session_ids),
            columns.trace_id.regexp_match("^[0-9a-fA-F]{32}$"),
        )
        .distinct()
        .subquery("traces")
    )
    first, last = (literal(end, LargeBinary) for end in (bytes(8), b"\xff" * 8))
    return _SPANS.c.id.between(traces.c.id.op("||")(first), traces.c.id.op("||")(last))


async def erase_memories(context: Context, memory_ids: Sequence[UUID]) -> dict[str, int]:
    """Delete memories with all that hangs on them; count the rows by table."""

    async def erase(recording: Recording) -> Answer:
        await recording.execute(NO_TIMEOUT)
        of_project = MEMORIES.c.project_id == recording.project_id
        found = await recording.execute(
            select(MEMORIES.c.id)
            .where(of_project, MEMORIES.c.id == any_of(memory_ids))
            .order_by(MEMORIES.c.id)
            .with_for_update()
        )
        locked = list(found.scalars())
        counted = counts_of(
            await recording.execute(memories_with_rows(recording.project_id, locked))
        )
        await recording.execute(delete(Memory).where(of_project, MEMORIES.c.id == any_of(locked)))
        recording.topics += locked
        return dict(counted)

    return _counts(await record(context, "forget", erase, {}))


def _counts(answer: Answer) -> dict[str, int]:
    return {name: rows for name, rows in answer.items() if name != "replayed" and rows}


def counts_of(result: CursorResult[*tuple[Any, ...]]) -> dict[str, int]:
    """Read what `sessions_with_rows` or `memories_with_rows` counted, by table."""
    return {str(name): int(rows) for name, rows in result.mappings().one().items()}


def sessions_with_rows(project_id: int, session_ids: Sequence[UUID]) -> Executable:
    """Count some sessions and what is recorded in each, by table."""
    states = states_of(project_id, session_ids)
    return select(
        *[
            _rows(SESSIONS, project_id, SESSIONS.c.id == any_of(session_ids)),
            *(
                _rows(table, project_id, table.c.session_id == any_of(session_ids))
                for table in _IN_SESSIONS
            ),
            *(
                _rows(table, project_id, table.c.module_state_id.in_(states))
                for table in _OF_STATES
            ),
            _rows(_SPANS, project_id, _in_traces(project_id, session_ids)),
        ]
    )


def memories_with_rows(project_id: int, memory_ids: Sequence[UUID]) -> Executable:
    """Count some memories and what hangs on each, by table."""
    of_memories = [
        _rows(
            table,
            project_id,
            or_(
                *(
                    table.c[name] == any_of(memory_ids)
                    for name in ("memory_id", "related_memory_id")
                    if name in table.c
                )
            ),
        )
        for table in _OF_MEMORIES
    ]
    return select(*[_rows(MEMORIES, project_id, MEMORIES.c.id == any_of(memory_ids)), *of_memories])


def _rows(table: Table, project_id: int, condition: ColumnElement[bool]) -> ColumnElement[int]:
    counted = select(func.count()).where(table.c.project_id == project_id, condition)
    return counted.select_from(table).scalar_subquery().label(table.name)
