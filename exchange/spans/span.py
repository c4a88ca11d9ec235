"""A span in one form, whatever it came in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 2200


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened within a span."""

    name: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """A span: ids are bytes, times are UTC to the microsecond, attributes plain values.

    A value of bytes is in base 64. Of attributes with the same key, which is not allowed, the last
    one counts.
    """

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes | None
    name: str
    started_at: datetime
    ended_at: datetime
    attributes: dict[str, Any]
    is_error: bool = False
    error_message: str | None = None
    events: tuple[SpanEvent, ...] = field(default=())


def time_of(nanoseconds: int) -> datetime:
    """Give the time that so many nanoseconds after 1970 are. Raises `ValueError`."""
    try:
        time = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    except OverflowError as error:
        raise ValueError("out of range") from error
    if nanoseconds <= 0 or time.year >= _LAST_YEAR:
        raise ValueError("out of range")
    return time
