"""Session metrics: their loaders, and how they are recorded."""

from typing import Any

from models import EventType, SessionMetric
from resolvers.feed import Event, advance, append
from resolvers.loaders import by_id, page_by_column
from resolvers.recording import Answer, Recording

SESSION_METRIC = by_id(SessionMetric)
METRICS_BY_SESSION = page_by_column(SessionMetric.session_id, "recorded_at", "id")


async def record_session_metric(recording: Recording, *, session: str, **values: Any) -> Answer:
    """Record a figure of a session. Values are columns of `SessionMetric`."""
    locked = await advance(recording, session, events=1, at=values.get("recorded_at"))
    metric = await recording.insert(SessionMetric, session_id=locked.id, **values)
    event = Event(
        EventType.SESSION_METRIC_RECORDED,
        (SessionMetric, metric.id),
        occurred_at=values.get("recorded_at"),
    )
    await append(recording, locked, [event])
    return {"session_metric": metric.id, "session": locked.id}
