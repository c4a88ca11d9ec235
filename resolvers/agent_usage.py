"""An agent's usage over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, any_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Session
from resolvers.batch_loading import KEYS, PROJECT, read
from resolvers.identifiers import table_of
from resolvers.time_series import TimeSeries
from resolvers.usage import Usage, last_moment, milliseconds, sums


@dataclass(frozen=True)
class UsageBucket(Usage):
    """What the sessions took that started in one bucket; their durations are added up."""

    start: datetime


@dataclass(frozen=True)
class AgentUsage:
    """Loads the usage of agents in each bucket of a series, by one statement."""

    series: TimeSeries

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[list[UsageBucket]]:
        """Give all buckets for each key, empty ones too."""
        table = table_of(Session)
        columns = table.c
        start = self.series.start_of(columns.started_at)
        lasted = func.sum(milliseconds(columns.started_at, last_moment(table))).cast(BigInteger)
        statement = (
            select(columns.agent_id, *sums(table), lasted, start)
            .where(
                columns.project_id == PROJECT,
                columns.agent_id == any_(KEYS),
                self.series.holds(columns.started_at),
            )
            .group_by(columns.agent_id, start)
        )
        found = await read(connection, statement, project_id, keys)
        counted: dict[tuple[UUID, datetime], UsageBucket] = {}
        for agent_id, *figures in found:
            bucket = UsageBucket(*figures)
            counted[agent_id, bucket.start] = bucket
        empty = {start: _empty(start) for start in self.series.starts}
        return [
            [counted.get((key, start), empty[start]) for start in self.series.starts]
            for key in keys
        ]


def _empty(start: datetime) -> UsageBucket:
    return UsageBucket(0, 0, 0, 0, 0, 0, Decimal(0), 0, start)
