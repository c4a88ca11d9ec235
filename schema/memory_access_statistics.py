"""The use of memories in the graph, over time."""

from datetime import datetime

import strawberry

from resolvers.memory_access_statistics import MemoryAccessStatistics
from resolvers.time_series import TimeSeries
from schema.access import READABLE
from schema.time_series import Bucket, From, To


@strawberry.type
class _AccessFigures:
    access_count: int = strawberry.field(description="How often it was used.", metadata=READABLE)
    distinct_accessors: int = strawberry.field(
        description="How many different ones used it, by `accessorType` and `accessedBy`; "
        "uses without `accessedBy` are not counted.",
        metadata=READABLE,
    )
    mean_usefulness: float | None = strawberry.field(
        description="The mean of `usefulness`, 0 to 1; null if no use was judged.",
        metadata=READABLE,
    )


@strawberry.type(description="How much a memory was used in one stretch of time.")
class MemoryAccessBucket(_AccessFigures):
    """A point of a chart."""

    start: datetime = strawberry.field(
        description="When the stretch begins, in UTC; for the first one this may lie before "
        "`from`.",
        metadata=READABLE,
    )


@strawberry.type(description="How much a memory was used.")
class MemoryAccessStats(_AccessFigures):
    """The figures of a range, and of each stretch of it."""

    buckets: list[MemoryAccessBucket] = strawberry.field(
        description="The same for each stretch of time, in order; also for those without a use.",
        metadata=READABLE,
    )


def access_statistics(from_: From, to: To, bucket: Bucket) -> MemoryAccessStatistics:
    """Make the loader of a memory's uses over time."""
    return MemoryAccessStatistics(TimeSeries(from_, to, bucket))
