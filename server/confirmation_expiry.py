"""Lets confirmations expire when their time is up and nobody has decided.

Every server process does so, since each may be the only one. Whichever comes first ends a
confirmation, under the locks that decisions take; the others find it ended.
"""

from asyncio import CancelledError, Semaphore, create_task, gather, sleep, timeout
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from random import shuffle
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.changes import Changes
from resolvers.confirmation import expire_confirmation
from resolvers.context import Context
from resolvers.errors import DomainError
from resolvers.identifiers import encode
from resolvers.pooled_connection import connect
from resolvers.transaction import record
from server.operations.database_errors import read_database_error

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

_log = structlog.get_logger()


class ConfirmationExpiry:
    """Ends confirmations whose time is up, in all projects."""

    def __init__(self, engine: AsyncEngine, changes: Changes) -> None:
        self._engine = engine
        self._changes = changes
        self._turns = Semaphore(_AT_ONCE)
        self._is_failing = False

    @asynccontextmanager
    async def kept_on_time(self) -> AsyncIterator[None]:
        """Do so while the block runs."""
        expiring = create_task(self._run())
        try:
            yield
        finally:
            expiring.cancel()
            with suppress(CancelledError):
                await expiring

    async def _run(self) -> None:
        while True:
            pause = await self._look()
            await sleep(pause)

    async def _look(self) -> float:
        """End what is due; give the seconds until the next look."""
        try:
            found = await self._find_due()
        except Exception as error:  # noqa: BLE001  such as that the database is away
            self._tell([error])
            return _PAUSE_SECONDS
        due = [row for row in found if row.seconds <= 0]
        shuffle(due)  # so that processes that look at the same time do not all do the same
        ended = await gather(*[self._end(row) for row in due], return_exceptions=True)
        errors = [each for each in ended if each is not None]
        self._tell(errors)
        if len(due) == _BATCH and not errors:
            return 0
        ahead: list[float] = [row.seconds for row in found if row.seconds > 0]
        return min([_PAUSE_SECONDS, *ahead])

    async def _find_due(self) -> Sequence[Row[Any]]:
        async with connect(self._engine) as connection:
            return (await connection.execute(_FIND_DUE)).all()

    async def _end(self, row: Row[Any]) -> None:
        context = Context(self._engine, row.project_id, self._changes)
        given = {"confirmation": encode("confirmation", row.id)}
        async with self._turns, timeout(_MOST_SECONDS):
            with suppress(DomainError):  # it was deleted meanwhile
                await record(context, "expireConfirmation", expire_confirmation, given)

    def _tell(self, errors: Sequence[BaseException]) -> None:
        """Log what goes wrong, once until all goes well again."""
        if errors and not self._is_failing:
            error = errors[0]
            is_ours = read_database_error(error) is None and not isinstance(error, TimeoutError)
            _log.warning(
                "confirmations not expired",
                number=len(errors),
                error=type(error).__name__,
                exc_info=error if is_ours else None,
            )
        self._is_failing = bool(errors)
