"""Deletes memories, module states and snapshots that have expired, and ends expired sessions.

Every server process does so, since each may be the only one; what one holds, the others leave. One
connection of the pool is used at a time.
"""

from asyncio import timeout
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.duty import Duty
from resolvers.errors import DomainError
from resolvers.expiry import EXPIRING, delete_expired
from resolvers.identifiers import encode, table_of
from resolvers.pooled_connection import connect
from resolvers.session import expire_session
from resolvers.transaction import record
from server.background_task import BackgroundTask
from server.metrics import Metrics

_BATCH = 100
"""Sessions that are found at once."""
_MOST_SECONDS = 5.0
"""For a session, which somebody may hold locked."""
_DUTY = 1 / 2
_IS_OPEN = "status IN ('ACTIVE', 'WAITING')"
_TABLES = {table_of(model).name: "true" for model in EXPIRING} | {"sessions": _IS_OPEN}

_IS_DUE = [
    f"(SELECT true FROM {table} t WHERE t.project_id = projects.id"  # noqa: S608  of constants
    f" AND t.expires_at <= now() AND {condition} LIMIT 1) AS {table}"
    for table, condition in _TABLES.items()
]
# The one statement that looks at all projects at once: of each it asks the indexes for one row,
# which LIMIT keeps the planner to; with EXISTS it may go through all that will expire one day.
_FIND_DUE = text(f"""
    WITH due AS MATERIALIZED (
        SELECT projects.id AS project_id, {", ".join(_IS_DUE)} FROM projects
    )
    SELECT * FROM due WHERE {" OR ".join(_TABLES)}
""")  # noqa: S608  of constants
# One that somebody holds is left for the next time, and does not stand in the way of others.
_FIND_SESSIONS = text(f"""
    SELECT id FROM sessions
    WHERE project_id = :project AND expires_at <= now() AND {_IS_OPEN}
    ORDER BY expires_at LIMIT {_BATCH} FOR UPDATE SKIP LOCKED
""")  # noqa: S608  of constants


class Expiry(BackgroundTask):
    """Honours `expiresAt`, in all projects."""

    failure = "expired rows not deleted"
    pause_seconds = 2.0

    def __init__(self, engine: AsyncEngine, changes: Changes) -> None:
        super().__init__()
        self._engine = engine
        self._changes = changes
        self.expired: Counter[str] = Counter()
        """How many rows of each table this process has deleted, and sessions that it has ended."""

    def add_metrics(self, metrics: Metrics) -> None:
        """Add how many rows have expired."""
        for table in _TABLES:
            metrics.counter(
                f"sessiongraph_expired_{table}",
                f"Expired {table.replace('_', ' ')} that were "
                + ("ended." if table == "sessions" else "deleted."),
                partial(self.expired.__getitem__, table),
            )

    async def work(self) -> tuple[float, Sequence[BaseException]]:
        """Delete and end what is due."""
        async with connect(self._engine) as connection:
            found = (await connection.execute(_FIND_DUE)).all()
        errors: list[BaseException] = []
        for due in found:
            context = Context(self._engine, due.project_id, self._changes)
            try:
                await self._delete(context, due)
                if due.sessions:
                    await self._end_sessions(context)
            except Exception as error:  # noqa: BLE001  the other projects come all the same
                errors.append(error)
        return self.pause_seconds, errors

    async def _delete(self, context: Context, due: Row[Any]) -> None:
        duty = Duty(_DUTY)
        for model in EXPIRING:
            table = table_of(model).name
            deleted = getattr(due, table)
            while deleted:
                given = {"model": model, "duty": duty}
                answer = await record(context, "deleteExpired", delete_expired, given)
                deleted = answer["deleted"]
                self.expired[table] += deleted
                await duty.rest()

    async def _end_sessions(self, context: Context) -> None:
        duty = Duty(_DUTY)
        while True:
            async with connect(self._engine) as connection:
                given = {"project": context.project_id}
                found = (await connection.scalars(_FIND_SESSIONS, given)).all()
            for session_id in found:
                session = {"session": encode("session", session_id)}
                async with timeout(_MOST_SECONDS):
                    with suppress(DomainError):  # it was deleted meanwhile
                        await record(context, "expireSession", expire_session, session)
                self.expired["sessions"] += 1
                await duty.rest()
            if len(found) < _BATCH:
                return
