"""Ranges of time, and ranges cut into buckets of whole hours, days, weeks or months in UTC."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice, takewhile

from sqlalchemy import ColumnElement, func

from resolvers.errors import Invalid

MAXIMUM_BUCKETS = 1_000


class TimeBucket(StrEnum):
    """A stretch of time in UTC; the values are PostgreSQL's names for it."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_LENGTHS = {
    TimeBucket.HOUR: timedelta(hours=1),
    TimeBucket.DAY: timedelta(days=1),
    TimeBucket.WEEK: timedelta(weeks=1),
    TimeBucket.MONTH: timedelta(days=28),
}
"""How long each takes at least."""


@dataclass(frozen=True)
class TimeRange:
    """The moments from `start` on and before `end`. Raises `Invalid` if there are none."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise Invalid("Must lie after `from`.", field="to")

    def holds(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Give the condition that a moment lies in the range."""
        return (moment >= self.start) & (moment < self.end)


@dataclass(frozen=True)
class TimeSeries(TimeRange):
    """A range with the starts of its buckets; the first may begin before the range.

    Raises `Invalid` if there are more than `MAXIMUM_BUCKETS`.
    """

    bucket: TimeBucket
    starts: tuple[datetime, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        within = takewhile(lambda start: start < self.end, _starts(self.start, self.bucket))
        starts = tuple(islice(within, MAXIMUM_BUCKETS + 1))
        if len(starts) > MAXIMUM_BUCKETS:
            raise Invalid(
                f"These are more than {MAXIMUM_BUCKETS:,} buckets; ask for longer ones, or for "
                "less time.",
                field="bucket",
            )
        object.__setattr__(self, "starts", starts)

    def start_of(self, moment: ColumnElement[datetime]) -> ColumnElement[datetime]:
        """Give the start of the bucket that a moment lies in."""
        return func.date_trunc(self.bucket.value, moment, "UTC")


def most_buckets(start: datetime, end: datetime, bucket: TimeBucket) -> int:
    """Give how many buckets a range has at most, without making them."""
    return min(max((end - start) // _LENGTHS[bucket] + 2, 1), MAXIMUM_BUCKETS)


def _starts(moment: datetime, bucket: TimeBucket) -> Iterator[datetime]:
    start = moment.replace(minute=0, second=0, microsecond=0)
    if bucket is not TimeBucket.HOUR:
        start = start.replace(hour=0)
    if bucket is TimeBucket.WEEK:
        start -= timedelta(days=start.weekday())
    if bucket is TimeBucket.MONTH:
        start = start.replace(day=1)
    while True:
        yield start
        if bucket is TimeBucket.MONTH:
            start = (start + timedelta(days=31)).replace(day=1)
        else:
            start += _LENGTHS[bucket]
