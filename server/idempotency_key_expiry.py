"""Deletes idempotency keys that are older than the server has to keep them.

Those of imports stay: an import that is run again, however late, finds what it has taken in.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import random

from sqlalchemy import Row, Text, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from models import IdempotencyKey
from resolvers.duty import Duty
from resolvers.identifiers import table_of
from resolvers.parameter import any_of
from resolvers.pooled_connection import connect
from server.background_task import BackgroundTask
from server.metrics import Metrics

_OldKey = Row[datetime, int, str, str]

_BATCH = 1_000
_DUTY = 1 / 5
_KEYS = table_of(IdempotencyKey).c
_ORDER = _KEYS.created_at, _KEYS.project_id, _KEYS.key


class IdempotencyKeyExpiry(BackgroundTask):
    """Deletes keys that are older than so many days, in all projects."""

    failure = "idempotency keys not deleted"
    pause_seconds = 600.0

    def __init__(self, engine: AsyncEngine, kept_days: int) -> None:
        super().__init__()
        self._engine = engine
        self._kept_for = timedelta(days=kept_days)
        self.deleted = 0
        """How many keys this process has deleted."""

    def add_metrics(self, metrics: Metrics) -> None:
        """Add how many keys were deleted."""
        metrics.counter(
            "sessiongraph_deleted_idempotency_keys",
            "Idempotency keys that were deleted for their age.",
            lambda: self.deleted,
        )

    def first_pause(self) -> float:
        """Give the seconds until the first look: processes that start together look in turns."""
        return random() * self.pause_seconds  # noqa: S311

    async def work(self) -> tuple[float, Sequence[BaseException]]:
        """Delete the keys that are old, the oldest first."""
        duty = Duty(_DUTY)
        found = await self._find(None)
        while found:
            await self._delete([row for row in found if not row.mutation.startswith("import")])
            await duty.rest()
            found = await self._find(found[-1]) if len(found) == _BATCH else []
        return self.pause_seconds, ()

    async def _find(self, after: _OldKey | None) -> Sequence[_OldKey]:
        """Find old keys of all projects, behind one that was looked at."""
        statement = select(*_ORDER, _KEYS.mutation).where(
            _KEYS.created_at < func.now() - self._kept_for
        )
        if after is not None:
            place = after.created_at, after.project_id, after.key
            statement = statement.where(tuple_(*_ORDER) > tuple_(*place))
        async with connect(self._engine) as connection:
            found = await connection.execute(statement.order_by(*_ORDER).limit(_BATCH))
            return found.all()

    async def _delete(self, old: Sequence[_OldKey]) -> None:
        by_project: dict[int, list[str]] = defaultdict(list)
        for row in old:
            by_project[row.project_id].append(row.key)
        for project_id, keys in by_project.items():
            given = any_of(sorted(keys), Text)
            async with connect(self._engine) as connection, connection.begin():
                deleted = await connection.execute(
                    delete(IdempotencyKey).where(_KEYS.project_id == project_id, _KEYS.key == given)
                )
            self.deleted += deleted.rowcount
