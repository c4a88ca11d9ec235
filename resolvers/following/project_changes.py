"""Changes of a project's sessions and confirmations: which rows appear, or change their status.

They are read from the events of all sessions. A filter says which rows are told of: those that it
finds now, and those that it found until their status changed.
"""

from asyncio import gather
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, Table

from models import Confirmation, ConfirmationStatus, EventType, Session
from resolvers.context import Context
from resolvers.filters import Filter, assuming
from resolvers.following.feeds import PROJECT_FEED, follow, patiently, start_after
from resolvers.following.matching import Matching
from resolvers.following.shared_reads import shared_reads
from resolvers.identifiers import PREFIXES, table_of
from resolvers.recording import Answer


@dataclass(frozen=True)
class ChangesOfRows:
    """Rows of a table whose changes can be followed, and the types of events that tell of them."""

    table: Table
    event_types: frozenset[str]
    empty_before: frozenset[str]
    """Columns that are null until the status changes for the last time."""


SESSION_CHANGES = ChangesOfRows(
    table_of(Session),
    frozenset(
        {EventType.SESSION_CREATED, EventType.SESSION_UPDATED, EventType.SESSION_STATUS_CHANGED}
    ),
    frozenset({"ended_at"}),
)
CONFIRMATION_CHANGES = ChangesOfRows(
    table_of(Confirmation),
    frozenset({EventType.CONFIRMATION_REQUESTED, EventType.CONFIRMATION_DECIDED}),
    frozenset({"decided_at", "decided_by", "decider_type", "reason"}),
)


async def follow_changes(
    context: Context, changes: ChangesOfRows, wanted: Filter | None, after: int | None = None
) -> AsyncGenerator[Answer, None]:
    """Follow the changes of a project's rows. `after` is the position of the last event seen.

    Raises `Invalid`.
    """
    start = await start_after(shared_reads(context.engine), PROJECT_FEED, after, None)
    noun = PREFIXES[changes.table]

    async def told() -> AsyncGenerator[Answer, None]:
        async with aclosing(follow(context, PROJECT_FEED, None, start)) as pages:
            async for rows in pages:
                events = [row for row in rows if row.event_type in changes.event_types]
                now, before = await patiently(partial(_found, context, changes, wanted, events))
                for event in events:
                    matches = event.subject_id in now
                    if matches or event.id in before:
                        yield {
                            noun: event.subject_id,
                            "session_event": event.id,
                            "matches": matches,
                        }

    return told()


async def _found(
    context: Context, changes: ChangesOfRows, wanted: Filter | None, events: Sequence[Row[Any]]
) -> tuple[set[UUID], set[UUID]]:
    """Give the rows that the filter finds now, and the events before which it found theirs."""
    now = await _matching(context, changes.table, wanted, [event.subject_id for event in events])
    before: set[UUID] = set()
    by_status: dict[str, list[Row[Any]]] = defaultdict(list)
    for event in events:
        status = None if event.subject_id in now else _status_before(event)
        if status is not None:
            by_status[status].append(event)
    for status, changed in by_status.items():
        was = {**dict.fromkeys(changes.empty_before), "status": status}
        assumed = None if wanted is None else assuming(wanted, was)
        ids = [event.subject_id for event in changed]
        matched = await _matching(context, changes.table, assumed, ids)
        before |= {event.id for event in changed if event.subject_id in matched}
    return now, before


def _status_before(event: Row[Any]) -> str | None:
    """Give the status that a row had until an event, if it changed it."""
    match event.event_type:
        case EventType.SESSION_STATUS_CHANGED:
            status: str = orjson.loads(event.event_data)["from"]
            return status
        case EventType.CONFIRMATION_DECIDED:
            return ConfirmationStatus.PENDING
    return None


async def _matching(
    context: Context, table: Table, wanted: Filter | None, ids: Iterable[UUID]
) -> set[UUID]:
    """Give those of some rows that are there and that the filter finds."""
    asked = list(set(ids))
    load = partial(shared_reads(context.engine).load, context.project_id, Matching(table, wanted))
    matches = await gather(*map(load, asked))
    return {own_id for own_id, match in zip(asked, matches, strict=True) if match}
