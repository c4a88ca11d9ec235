"""Records spans that have waited long enough for their parents, and deletes those of long ago.

Every server process does so, since each may be the only one; a trace's lock keeps two from
recording the same.
"""

from asyncio import timeout
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.spans.kept_spans import WAIT_SECONDS
from exchange.spans.receiving import Received, record_ready
from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.pooled_connection import connect
from server.background_task import BackgroundTask
from server.otlp.span_metrics import SpanMetrics

_TRACES = 100
_MOST_SECONDS = 30.0
"""For each trace: a session that somebody holds locked must not hold up the others for long."""
_DELETED = 1_000
"""Rows that one statement deletes."""

# The statements that look at all projects at once. Times are those of the database's clock.
_FIND_WAITING = text(f"""
    SELECT project_id, substring(id FOR 16) AS trace_id FROM spans
    WHERE recorded_at IS NULL AND created_at <= now() - interval '{WAIT_SECONDS} seconds'
    GROUP BY project_id, trace_id ORDER BY min(started_at) LIMIT {_TRACES}
""")  # noqa: S608  of constants
_DELETE_OLD = [
    text(f"""
        DELETE FROM spans WHERE (project_id, id) IN (
            SELECT project_id, id FROM spans WHERE {condition}
            ORDER BY created_at LIMIT {_DELETED} FOR UPDATE SKIP LOCKED
        )
    """)  # noqa: S608  of constants
    for condition in (
        "created_at < now() - interval '1 day'",
        # links; the index of them has the same condition
        "kind IS NULL AND created_at < now() - interval '1 hour'",
    )
]

_log = structlog.get_logger()


class SpanSweep(BackgroundTask):
    """Takes care of the spans of all projects."""

    failure = "spans not recorded"
    pause_seconds = 5.0

    def __init__(self, engine: AsyncEngine, changes: Changes, metrics: SpanMetrics) -> None:
        super().__init__()
        self._engine = engine
        self._changes = changes
        self._metrics = metrics

    async def work(self) -> tuple[float, Sequence[BaseException]]:
        """Record what has waited long enough, and delete what is old."""
        errors: list[BaseException] = []
        for trace in await self._find_waiting():
            try:
                async with timeout(_MOST_SECONDS):
                    await self._record(trace)
            except Exception as error:  # noqa: BLE001  one trace must not hold up the others
                errors.append(error)
        await self._delete_old()
        return self.pause_seconds, errors

    async def _find_waiting(self) -> Sequence[Row[Any]]:
        async with connect(self._engine) as connection:
            return (await connection.execute(_FIND_WAITING)).all()

    async def _record(self, trace: Row[Any]) -> None:
        context = Context(self._engine, trace.project_id, self._changes)
        async for recorded in record_ready(context, trace.trace_id):
            received = Received()
            received.count(recorded)
            self._metrics.count(received)
            for refusal in received.refusals:
                _log.warning("span refused", project=trace.project_id, reason=refusal)

    async def _delete_old(self) -> None:
        for statement in _DELETE_OLD:
            deleted = _DELETED
            while deleted == _DELETED:
                async with connect(self._engine) as connection, connection.begin():
                    deleted = (await connection.execute(statement)).rowcount
