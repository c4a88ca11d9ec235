"""Session events in the graph: a session's feed."""

from datetime import datetime

from models import SessionEvent as Model
from resolvers.session import SESSION
from schema.fields import column, one, subject
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink
from schema.scalars import JSON, BigInt


@node_type(Model, "One entry of a session's feed.")
class SessionEvent(Node):
    """What was recorded, and when."""

    session: SessionLink = one(SESSION, Model.session_id, "The session whose feed it stands in.")
    sequence: int = column(Model.sequence, "Its place in the feed: 1, 2, 3 … without gaps.")
    position: BigInt = column(
        Model.position,
        "Its place among the events of all sessions, with gaps: higher than that of whatever the "
        "session recorded before. Follow a tree or a project from it.",
    )
    event_type: str = column(
        Model.event_type,
        "What happened: `message.recorded`, `tool_call.completed` …, or a runtime's own type.",
    )
    event_data: JSON | None = column(Model.event_data, "Further facts; null if there are none.")
    subject: Node | None = subject(
        Model.subject_type,
        Model.subject_id,
        "The object that was recorded; null for a runtime's own event or a deleted object.",
    )
    actor_id: str | None = column(Model.actor_id, "Who did it; null if not told.")
    duration_ms: int | None = column(
        Model.duration_ms, "Milliseconds it took; null if it took none."
    )
    occurred_at: datetime = column(Model.occurred_at, "When it happened.")
    created_at: datetime = column(Model.created_at, "When it was recorded.")


SessionEventFilter = filter_type(SessionEvent, Model)
SessionEventOrder = order_type(SessionEvent, "sequence", "occurred_at")
