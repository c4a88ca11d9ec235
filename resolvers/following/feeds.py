"""Feeds: rows that are followed, each owner's by a number that grows from commit to commit.

`follow` gives what is there behind a number, then what comes: it reads from the store whenever a
notice says that there may be more (`resolvers/changes.py`), from the number where it was. So
nothing is missed or given twice, whatever becomes of notices or of the database in between, and
who reads slowly is not waited for by anyone.
"""

from asyncio import sleep
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import structlog
from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Row,
    Select,
    Table,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Memory, MemoryAccess, Project, Session, SessionEvent
from models.session_event import IS_PROJECT_EVENT
from resolvers.batch_loading import PROJECT
from resolvers.changes import Topic
from resolvers.context import Context
from resolvers.errors import Invalid
from resolvers.following.shared_reads import SharedReads, shared_reads
from resolvers.identifiers import table_of
from resolvers.recording import Answer

Given = TypeVar("Given")

PAGE_ROWS = 100
"""How many rows a follower reads at once."""
_NO_END = 2**63 - 1
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0
_DATABASE_ERRORS = (OSError, SQLAlchemyError, PostgresError, InterfaceError, InternalClientError)

_log = structlog.get_logger()


class FeedKey(NamedTuple):
    """Whose rows, and which: behind a number, up to another."""

    owner: UUID | None
    """None for the project."""
    after: int
    until: int = _NO_END


class FeedPage(NamedTuple):
    """The next rows in order, and whether their owner is there."""

    rows: Sequence[Row[Any]]
    is_there: bool


@dataclass(frozen=True)
class Feed:
    """Loads the next rows of many owners by one statement: id, number, age and `more` columns.

    `number` is the column that grows. Where that is a position, which sessions take in any order,
    only settled ones are read.
    """

    table: Table
    number: str
    owners: Table
    owner: str | None
    """The column that holds the owner's id; None where the owner is the project."""
    more: tuple[str, ...] = ()

    @property
    def needs_settled(self) -> bool:
        """Whether a row may appear behind one with a higher number."""
        return self.number == "position"

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[FeedKey]
    ) -> list[FeedPage]:
        """Give a page for each key, in the keys' order."""
        given = {
            "project": project_id,
            "owners": [key.owner for key in keys],
            "afters": [key.after for key in keys],
            "untils": [key.until for key in keys],
        }
        found = await connection.execute(self._statement, given)
        pages: list[list[Row[Any]]] = [[] for _ in keys]
        are_there = [False] * len(keys)
        for row in found:
            place = row.place - 1
            are_there[place] = row.is_there
            if row.id is not None:
                pages[place].append(row)
        return [FeedPage(*page) for page in zip(pages, are_there, strict=True)]

    @cached_property
    def _statement(self) -> Select[Any]:
        arrays = [
            bindparam("owners", type_=ARRAY(Uuid)),
            bindparam("afters", type_=ARRAY(BigInteger)),
            bindparam("untils", type_=ARRAY(BigInteger)),
        ]
        key = (
            func.unnest(*arrays)
            .table_valued("owner", "after", "until", with_ordinality="place", name="key")
            .render_derived()
        )
        columns, owners = self.table.c, self.owners.c
        number = columns[self.number]
        conditions: list[ColumnElement[bool]] = [
            columns.project_id == PROJECT,
            number > key.c.after,
            number <= key.c.until,
        ]
        if self.owner is None:
            conditions.append(literal_column(IS_PROJECT_EVENT, Boolean))
            is_there = select(owners.id).where(owners.id == PROJECT).exists()
        else:
            conditions.append(columns[self.owner] == key.c.owner)
            held = owners.project_id == PROJECT, owners.id == key.c.owner
            is_there = select(owners.id).where(*held).exists()
        age = func.extract("epoch", func.clock_timestamp() - columns.created_at)
        shown = [columns[name] for name in ("id", self.number, *self.more)]
        rows = (
            select(*shown, cast(age, Double).label("age"))
            .where(*conditions)
            .order_by(number)
            .limit(PAGE_ROWS)
            .lateral()
        )
        return (
            select(rows, key.c.place, is_there.label("is_there"))
            .select_from(key.outerjoin(rows, true()))
            .order_by(key.c.place, rows.c[self.number])
        )


_EVENTS = table_of(SessionEvent)
_SESSIONS = table_of(Session)
SESSION_FEED = Feed(_EVENTS, "sequence", _SESSIONS, "session_id")
TREE_FEED = Feed(_EVENTS, "position", _SESSIONS, "root_id")
PROJECT_FEED = Feed(
    _EVENTS, "position", table_of(Project), None, ("event_type", "event_data", "subject_id")
)
"""Of `PROJECT_EVENT_TYPES` only."""
ACCESS_FEED = Feed(table_of(MemoryAccess), "sequence", table_of(Memory), "memory_id")


async def follow(
    context: Context, feed: Feed, owner: UUID | None, after: int
) -> AsyncGenerator[Sequence[Row[Any]], None]:
    """Give an owner's rows behind a number, some at a time, until the owner is deleted.

    While the database is away it waits.
    """
    reads = shared_reads(context.engine)
    topic: Topic = context.project_id if owner is None else owner
    with context.changes.follow(topic) as follower:
        is_up_to_date = False
        while True:

            async def read(after: int = after) -> FeedPage:
                until = await reads.positions.settled() if feed.needs_settled else _NO_END
                return await reads.load(context.project_id, feed, FeedKey(owner, after, until))

            page = await patiently(read)
            if page.rows:
                if is_up_to_date:  # or it is no delay of ours
                    reads.count_delays([row.age for row in page.rows])
                yield page.rows
                after = getattr(page.rows[-1], feed.number)
            if not page.is_there:
                return
            if len(page.rows) < PAGE_ROWS:
                is_up_to_date = True
                await follower.wait()


async def follow_each(
    context: Context, feed: Feed, owner: UUID, after: int, name: str
) -> AsyncGenerator[Answer, None]:
    """Give an owner's rows as `follow` does, each as an event with the row's id under a name."""
    async with aclosing(follow(context, feed, owner, after)) as pages:
        async for rows in pages:
            for row in rows:
                yield {name: row.id}


async def patiently(read: Callable[[], Awaitable[Given]]) -> Given:
    """Read, and read again where the database is away, however long that is."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await read()
        except _DATABASE_ERRORS as error:
            if pause == _FIRST_PAUSE_SECONDS:
                _log.warning("follower waits for the database", reason=type(error).__name__)
            await sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


async def start_after(
    reads: SharedReads, feed: Feed, after: int | None, reached: int | None
) -> int:
    """Give the number to start behind: the one given, or what has been reached by now.

    `reached` is that of a feed whose numbers have no gaps. Raises `Invalid` for one that was not
    given out yet.
    """
    if after is None:
        return await reads.positions.settled() if reached is None else reached
    last = await reads.positions.last() if reached is None else reached
    if not 0 <= after <= last:
        raise Invalid(
            f"Give the `{feed.number}` of the last one seen, 0 to {last:,}; 0 for all.",
            field="after",
        )
    return after
