"""Lets confirmations expire when their time is up and nobody has decided.

Every server process does so, since each may be the only one. Whichever comes first ends a
confirmation, under the locks that decisions take; the others find it ended.
"""

from asyncio import Semaphore, gather, timeout
from collections.abc import Sequence
from contextlib import suppress
from random import shuffle
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.changes import Changes
from resolvers.confirmation import expire_confirmation
from resolvers.context import Context
from resolvers.errors import DomainError
from resolvers.identifiers import encode
from resolvers.pooled_connection import connect
from resolvers.transaction import record
from server.background_task import BackgroundTask

_PAUSE_SECONDS = 1.0
"""The longest pause between two looks."""
_LATE_SECONDS = 60
"""What was asked, and had run out, before it was recorded is history: its decision may be told a
moment later."""
_BATCH = 100
_AT_ONCE = 3
"""Of the connections to the database; the others are for requests."""
_MOST_SECONDS = 5.0
"""For each: a session that somebody holds locked must not hold up the others for long."""

# The one statement that looks at all projects at once. Times are those of the database's clock.
_FIND_DUE = text(f"""
    SELECT project_id, id, extract(epoch FROM due_at - now())::float AS seconds
    FROM (
        SELECT project_id, id, CASE
            WHEN created_at < updated_at AND expires_at <= updated_at
            THEN updated_at + interval '{_LATE_SECONDS} seconds'
            ELSE expires_at
        END AS due_at
        FROM confirmations
        WHERE status = 'PENDING' AND expires_at IS NOT NULL
            AND expires_at <= now() + interval '{_PAUSE_SECONDS} seconds'
    ) AS expiring
    ORDER BY due_at LIMIT {_BATCH}
""")  # noqa: S608  of constants


class ConfirmationExpiry(BackgroundTask):
    """Ends confirmations whose time is up, in all projects."""

    failure = "confirmations not expired"
    pause_seconds = _PAUSE_SECONDS

    def __init__(self, engine: AsyncEngine, changes: Changes) -> None:
        super().__init__()
        self._engine = engine
        self._changes = changes
        self._turns = Semaphore(_AT_ONCE)

    async def work(self) -> tuple[float, Sequence[BaseException]]:
        """End what is due."""
        found = await self._find_due()
        due = [row for row in found if row.seconds <= 0]
        shuffle(due)  # so that processes that look at the same time do not all do the same
        ended = await gather(*[self._end(row) for row in due], return_exceptions=True)
        errors = [each for each in ended if each is not None]
        if len(due) == _BATCH and not errors:
            return 0, errors
        ahead: list[float] = [row.seconds for row in found if row.seconds > 0]
        return min([_PAUSE_SECONDS, *ahead]), errors

    async def _find_due(self) -> Sequence[Row[Any]]:
        async with connect(self._engine) as connection:
            return (await connection.execute(_FIND_DUE)).all()

    async def _end(self, row: Row[Any]) -> None:
        context = Context(self._engine, row.project_id, self._changes)
        given = {"confirmation": encode("confirmation", row.id)}
        async with self._turns, timeout(_MOST_SECONDS):
            with suppress(DomainError):  # it was deleted meanwhile
                await record(context, "expireConfirmation", expire_confirmation, given)
