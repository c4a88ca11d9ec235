"""How much a memory was used, over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import any_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from models import MemoryAccess
from resolvers.batch_loading import KEYS, PROJECT, read
from resolvers.identifiers import table_of
from resolvers.time_series import TimeSeries


@dataclass(frozen=True)
class AccessFigures:
    """How often a memory was used, by how many, and to what use on the mean; None if not judged."""

    access_count: int = 0
    distinct_accessors: int = 0
    mean_usefulness: float | None = None


@dataclass(frozen=True)
class AccessBucket(AccessFigures):
    """The uses in one bucket."""

    start: datetime = field(kw_only=True)


@dataclass(frozen=True)
class AccessStatistics(AccessFigures):
    """The uses in a series, in all and in each bucket."""

    buckets: Sequence[AccessBucket] = field(kw_only=True)


@dataclass(frozen=True)
class MemoryAccessStatistics:
    """Loads how much memories were used, by one statement."""

    series: TimeSeries

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[AccessStatistics]:
        """Give the statistics of each key, with all buckets, empty ones too."""
        columns = table_of(MemoryAccess).c
        start = self.series.start_of(columns.occurred_at)
        accessor = tuple_(columns.accessor_type, columns.accessed_by)
        statement = (
            select(
                columns.memory_id,
                start,
                func.count(),
                # accessors cannot be added up, so the total is a grouping of its own
                func.count(accessor.distinct()).filter(columns.accessed_by.is_not(None)),
                func.avg(columns.usefulness),
            )
            .where(
                columns.project_id == PROJECT,
                columns.memory_id == any_(KEYS),
                self.series.holds(columns.occurred_at),
            )
            .group_by(
                func.grouping_sets(tuple_(columns.memory_id, start), tuple_(columns.memory_id))
            )
        )
        found = await read(connection, statement, project_id, keys)
        counted: dict[Any, list[Any]] = {
            (memory_id, start): figures for memory_id, start, *figures in found
        }
        empty = {start: AccessBucket(start=start) for start in self.series.starts}

        def bucket(key: UUID, start: datetime) -> AccessBucket:
            figures = counted.get((key, start))
            return AccessBucket(*figures, start=start) if figures else empty[start]

        return [
            AccessStatistics(
                *counted.get((key, None), ()),
                buckets=[bucket(key, start) for start in self.series.starts],
            )
            for key in keys
        ]
