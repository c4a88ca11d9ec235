"""Pruning: trees of sessions in which nothing has happened for long are deleted, some at a time.

A tree goes whole or not at all, in one transaction. What is found to be due is looked at again
under its locks, so that a session that was revived meanwhile keeps its tree; a tree of which
somebody holds a row is left for another time, and nobody is waited for.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Message, Session, SessionEvent, SessionItem
from resolvers.confirmation import tell_of_pending
from resolvers.duty import Duty
from resolvers.following.settled_positions import DELETION_LOCK
from resolvers.identifiers import table_of
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.row_slices import SLICE_ROWS, delete_numbered, slices
from resolvers.session import ENDED
from resolvers.session_deletion import lock_linked_memories

LOOKED_AT = 1_000
"""Sessions that one look for trees goes through."""

KeepUntil = Mapping[str, datetime]
"""By the status of a root: a tree goes if nothing has happened in it since. Statuses that are not
there are kept for ever; an open session below the root must be due by its own status too."""

_SESSIONS = table_of(Session).c
_ROWS = (
    1
    + 2
    * func.greatest(_SESSIONS.event_sequence, _SESSIONS.message_count + _SESSIONS.tool_call_count)
    + _SESSIONS.item_sequence
)
"""About how many rows a session has: whatever is recorded is a row and an event, but for items."""


class Place(NamedTuple):
    """A session's place in the order of last activity, to look on from."""

    last_activity_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree of sessions that is due."""

    root_id: UUID
    sessions: int
    messages: int
    rows: int
    """About how many, with all that was recorded in it."""
    last_activity_at: datetime


class Look(NamedTuple):
    """The trees that are due among the sessions looked at."""

    trees: list[Tree]
    place: Place | None
    """Where to look on; None at the end."""


async def look(
    connection: AsyncConnection, project_id: int, until: KeepUntil, place: Place | None
) -> Look:
    """Look for trees that are due among the sessions behind a place, the oldest first."""
    order = _SESSIONS.last_activity_at, _SESSIONS.id
    conditions = [
        _SESSIONS.project_id == project_id,
        _SESSIONS.last_activity_at < max(until.values()),
    ]
    if place is not None:
        conditions.append(tuple_(*order) > tuple_(*place))
    found = await connection.execute(
        select(*order, _SESSIONS.root_id, _SESSIONS.status)
        .where(*conditions)
        .order_by(*order)
        .limit(LOOKED_AT)
    )
    seen = found.all()
    roots = {
        row.id: row.status
        for row in seen
        if row.id == row.root_id and _is_due(row.status, row.last_activity_at, until)
    }
    trees = await _trees(connection, project_id, until, roots) if roots else []
    last = Place(seen[-1].last_activity_at, seen[-1].id) if len(seen) == LOOKED_AT else None
    return Look(trees, last)


def _is_due(status: str, last_activity_at: datetime, until: KeepUntil) -> bool:
    return status in until and last_activity_at < until[status]


def _goes(root_status: str, sessions: Iterable[Row[Any]], until: KeepUntil) -> bool:
    """Whether a tree is due, by its sessions, or those of each status together."""
    limit = until.get(root_status)
    return limit is not None and all(
        session.last_activity_at < limit
        and (session.status in ENDED or _is_due(session.status, session.last_activity_at, until))
        for session in sessions
    )


async def _trees(
    connection: AsyncConnection, project_id: int, until: KeepUntil, roots: Mapping[UUID, str]
) -> list[Tree]:
    """Give those of some trees that are due, in the order of their roots."""
    found = await connection.execute(
        select(
            _SESSIONS.root_id,
            _SESSIONS.status,
            func.max(_SESSIONS.last_activity_at).label("last_activity_at"),
            func.count().label("sessions"),
            func.sum(_SESSIONS.message_count).label("messages"),
            func.sum(_ROWS).label("rows"),
        )
        .where(_SESSIONS.project_id == project_id, _SESSIONS.root_id == any_of(roots))
        .group_by(_SESSIONS.root_id, _SESSIONS.status)
    )
    by_root: dict[UUID, list[Row[Any]]] = {root: [] for root in roots}
    for row in found:
        by_root[row.root_id].append(row)
    return [
        Tree(
            root_id=root,
            sessions=sum(row.sessions for row in rows),
            messages=int(sum(row.messages for row in rows)),
            rows=int(sum(row.rows for row in rows)),
            last_activity_at=max(row.last_activity_at for row in rows),
        )
        for root, rows in by_root.items()
        if rows and _goes(roots[root], rows, until)
    ]


async def prune_trees(
    recording: Recording, *, roots: Sequence[UUID], until: KeepUntil, duty: Duty
) -> Answer:
    """Delete those of some trees that are still due, with everything recorded in them.

    Memories stay, and lose the link to their session. `is_alone` is False where another process
    prunes at this moment; then nothing is done.
    """
    alone = await recording.execute(select(func.pg_try_advisory_xact_lock(*DELETION_LOCK)))
    if not alone.scalar():
        return {"is_alone": False, "trees": 0, "sessions": 0, "messages": 0}
    sessions = await _lock_due(recording, roots, until)
    ids = [session.id for session in sessions]
    if ids:
        await lock_linked_memories(recording, ids)
        await tell_of_pending(recording, ids)
        await _delete(recording, sessions, duty)
        recording.topics += ids
    return {
        "is_alone": True,
        "trees": sum(session.id == session.root_id for session in sessions),
        "sessions": len(ids),
        "messages": sum(session.message_count for session in sessions),
    }


async def _lock_due(
    recording: Recording, roots: Sequence[UUID], until: KeepUntil
) -> Sequence[Row[Any]]:
    """Lock the sessions of the trees that are due, and give them, the lowest in a tree first."""
    mine = _SESSIONS.project_id == recording.project_id
    # whoever makes a session locks its root: from now on there are no new ones
    locked = await recording.execute(
        select(_SESSIONS.id)
        .where(mine, _SESSIONS.id == any_of(roots))
        .order_by(_SESSIONS.id)
        .with_for_update(skip_locked=True)
    )
    within = mine, _SESSIONS.root_id == any_of(locked.scalars())
    found = await recording.execute(
        select(
            _SESSIONS.id,
            _SESSIONS.root_id,
            _SESSIONS.status,
            _SESSIONS.last_activity_at,
            _SESSIONS.message_sequence,
            _SESSIONS.event_sequence,
            _SESSIONS.item_sequence,
            _SESSIONS.message_count,
            _ROWS.label("rows"),
        )
        .where(*within)
        .order_by(_SESSIONS.depth.desc(), _SESSIONS.id)
        .with_for_update(skip_locked=True)
    )
    trees: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for session in found:
        trees[session.root_id].append(session)
    counted = await recording.execute(
        select(_SESSIONS.root_id, func.count().label("sessions"))
        .where(*within)
        .group_by(_SESSIONS.root_id)
    )
    return [
        session
        for row in counted
        if len(tree := trees[row.root_id]) == row.sessions and _goes(tree[-1].status, tree, until)
        for session in tree
    ]


async def _delete(recording: Recording, sessions: Sequence[Row[Any]], duty: Duty) -> None:
    """Delete sessions, so much at a time that no statement takes long."""
    for session in sessions:
        for owner, last in (
            (Message.session_id, session.message_sequence),
            (SessionEvent.session_id, session.event_sequence),
            (SessionItem.session_id, session.item_sequence),
        ):
            await delete_numbered(
                recording, owner, session.id, number="sequence", last=last, duty=duty
            )
    for place, slice_ in enumerate(slices(sessions, SLICE_ROWS)):
        if place:
            await duty.rest()
        ids = any_of(session.id for session in slice_)
        await recording.execute(
            delete(Session).where(_SESSIONS.project_id == recording.project_id, _SESSIONS.id == ids)
        )
