"""Usage: what sessions took, added up when it is read.

Every session keeps the counts of its own records, so a sum over sessions reads nothing below them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, FromClause, Numeric, any_, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Session, SessionKind
from resolvers.batch_loading import KEYS, PROJECT, read
from resolvers.identifiers import table_of

SUMS = (
    "message_count",
    "tool_call_count",
    "failed_tool_call_count",
    "input_tokens",
    "output_tokens",
    "cost_usd",
)
"""The counts that a session keeps of its own records."""
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Usage:
    """What one or more sessions took; `duration_ms` is from the first start to the last end."""

    session_count: int
    message_count: int
    tool_call_count: int
    failed_tool_call_count: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal
    duration_ms: int


def sums(sessions: FromClause) -> list[ColumnElement[Any]]:
    """Give the number of some sessions, at least one, and the sums of their counts."""
    # PostgreSQL makes a sum of bigints a numeric, which would be a decimal to us
    added = [
        func.sum(column).cast(Numeric if column.type.python_type is Decimal else BigInteger)
        for column in (sessions.c[name] for name in SUMS)
    ]
    return [
        func.count(sessions.c.id).label("session_count"),
        *(total.label(name) for name, total in zip(SUMS, added, strict=True)),
    ]


def last_moment(sessions: FromClause) -> ColumnElement[datetime]:
    """Give when a session ended, or while it goes on when something was last recorded in it."""
    return func.coalesce(sessions.c.ended_at, sessions.c.last_activity_at)


def milliseconds(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[int]:
    """Give the whole milliseconds from one moment to another."""
    return func.floor(extract("epoch", end - start) * 1000).cast(BigInteger)


def own_usage(
    started_at: datetime, ended_at: datetime | None, last_activity_at: datetime, *counts: Any
) -> Usage:
    """Give a session's own usage, from its columns; `counts` are the columns of `SUMS`."""
    lasted = (ended_at or last_activity_at) - started_at
    return Usage(*[1, *counts, lasted // _MILLISECOND])


_NOTHING = Usage(0, 0, 0, 0, 0, 0, Decimal(0), 0)
"""The usage of a tree that was deleted meanwhile."""


@dataclass(frozen=True)
class TreeUsage:
    """Loads the usage of sessions with all sessions below them, by one recursive statement.

    A FORK and what is below it stand outside of its parent's totals.
    """

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[Usage]:
        """Give the usage of each key's tree."""
        table = table_of(Session)
        columns = [table.c[name] for name in ("id", *SUMS, "started_at")]
        tree = (
            select(table.c.id.label("top_id"), *columns, last_moment(table).label("ended_at"))
            .where(table.c.project_id == PROJECT, table.c.id == any_(KEYS))
            .cte("tree", recursive=True)
        )
        child = table.alias("child")
        below = [child.c[column.name] for column in columns]
        tree = tree.union_all(
            select(tree.c.top_id, *below, last_moment(child))
            .select_from(tree.join(child, child.c.parent_id == tree.c.id))
            .where(child.c.project_id == PROJECT, child.c.kind != SessionKind.FORK)
        )
        statement = select(
            tree.c.top_id,
            *sums(tree),
            milliseconds(func.min(tree.c.started_at), func.max(tree.c.ended_at)),
        ).group_by(tree.c.top_id)
        found = await read(connection, statement, project_id, keys)
        usages: dict[Any, Usage] = {top_id: Usage(*figures) for top_id, *figures in found}
        return [usages.get(key, _NOTHING) for key in keys]
