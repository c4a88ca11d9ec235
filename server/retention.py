"""Enforces the retention rules of all projects, in the background and gently.

Every server process looks every few minutes; one prunes at a time. One connection of the pool is
used at a time.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from random import random

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.duty import Duty
from resolvers.pooled_connection import connect
from server.administration.pruning import Pruned, PruningElsewhereError, prune
from server.administration.retention_rules import list_rules
from server.background_task import BackgroundTask
from server.metrics import Metrics

_DUTY = 1 / 5
"""The share of the time that it works, while there is something to prune."""

_log = structlog.get_logger()


class Retention(BackgroundTask):
    """Prunes each project as its rules say."""

    failure = "sessions not pruned"
    pause_seconds = 300.0

    def __init__(self, engine: AsyncEngine, changes: Changes) -> None:
        super().__init__()
        self._engine = engine
        self._changes = changes
        self.pruned = Pruned()
        """What this process has deleted."""

    def add_metrics(self, metrics: Metrics) -> None:
        """Add how much was pruned."""
        metrics.counter(
            "sessiongraph_pruned_sessions",
            "Sessions that were deleted by retention rules.",
            lambda: self.pruned.sessions,
        )
        metrics.counter(
            "sessiongraph_pruned_messages",
            "Messages that were deleted by retention rules.",
            lambda: self.pruned.messages,
        )

    def first_pause(self) -> float:
        """Give the seconds until the first look: processes that start together look in turns."""
        return random() * self.pause_seconds  # noqa: S311

    async def work(self) -> tuple[float, Sequence[BaseException]]:
        """Prune all projects that have rules."""
        async with connect(self._engine) as connection:
            rules = await list_rules(connection)
        keep_for: dict[tuple[int, str], dict[str, timedelta]] = defaultdict(dict)
        for rule in rules:
            keep_for[rule.project_id, rule.project][rule.status] = rule.keep_for
        errors: list[BaseException] = []
        for (project_id, project), kept in keep_for.items():
            context = Context(self._engine, project_id, self._changes)
            try:
                await self._prune(context, project, kept)
            except PruningElsewhereError:
                break
            except Exception as error:  # noqa: BLE001  the other projects come all the same
                errors.append(error)
        return self.pause_seconds, errors

    async def _prune(self, context: Context, project: str, kept: dict[str, timedelta]) -> None:
        total = Pruned()
        try:
            async for pruned in prune(context, kept, duty=Duty(_DUTY), in_turn=False):
                total += pruned
                self.pruned += pruned
        finally:
            if total.trees:
                _log.info(
                    "sessions pruned",
                    project=project,
                    trees=total.trees,
                    sessions=total.sessions,
                    messages=total.messages,
                )
