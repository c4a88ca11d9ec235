"""Metrics and events of sessions."""

from exchange.prisma.converted import (
    Converted,
    metadata,
    need,
    required_time,
    without_metadata,
)
from exchange.prisma.source_values import SourceRow
from models import EventType, SessionEvent, SessionMetric
from resolvers.errors import Invalid


def convert_session_metric(row: SourceRow) -> Converted:
    """Convert a row of `SessionMetric`."""
    values = {
        "metric_type": need(row, "metricType"),
        "metric_value": need(row, "metricValue"),
        "recorded_at": required_time(row),
        "metadata": metadata(row),
    }
    return Converted({SessionMetric: values}, session=need(row, "sessionId"))


def convert_session_event(row: SourceRow) -> Converted:
    """Convert a row of `SessionEvent`. Its sequence tells the order; the feed has its own."""
    without_metadata(row)
    event_type = need(row, "eventType")
    if event_type in set(EventType):
        raise Invalid("The server writes events of this type itself.", field="eventType")
    duration = row.get("duration")
    if duration is not None and not 0 <= duration < 2**31:
        row.notes.append("duration is no number of milliseconds; not carried")
        duration = None
    values = {
        "event_type": event_type,
        "event_data": row.letters("eventData"),
        "duration_ms": None if duration is None else round(duration),
        "occurred_at": required_time(row),
    }
    return Converted(
        {SessionEvent: values}, session=need(row, "sessionId"), sequence=row.get("sequence")
    )
