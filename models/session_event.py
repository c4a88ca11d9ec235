"""Session events: the feed of everything that was recorded in a session."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Index,
    Integer,
    Sequence,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, not_negative, references


class EventType(StrEnum):
    """The events that the server writes itself; runtimes use other types for theirs."""

    SESSION_CREATED = "session.created"
    SESSION_UPDATED = "session.updated"
    SESSION_STATUS_CHANGED = "session.status_changed"
    MESSAGE_RECORDED = "message.recorded"
    MESSAGE_DELETED = "message.deleted"
    MESSAGES_DELETED = "messages.deleted"
    TOOL_CALL_RECORDED = "tool_call.recorded"
    TOOL_CALL_COMPLETED = "tool_call.completed"
    CONFIRMATION_REQUESTED = "confirmation.requested"
    CONFIRMATION_DECIDED = "confirmation.decided"
    STATE_TRANSITION_RECORDED = "state_transition.recorded"
    SESSION_METRIC_RECORDED = "session_metric.recorded"
    MEMORY_CREATED = "memory.created"
    MEMORY_ACCESSED = "memory.accessed"


POSITIONS = Sequence("session_event_positions", metadata=Base.metadata)
"""Numbers all events, whatever their session, in the order in which they were written."""

PROJECT_EVENT_TYPES = (
    EventType.SESSION_CREATED,
    EventType.SESSION_UPDATED,
    EventType.SESSION_STATUS_CHANGED,
    EventType.CONFIRMATION_REQUESTED,
    EventType.CONFIRMATION_DECIDED,
)
"""What can be followed in all sessions of a project at once."""
IS_PROJECT_EVENT = f"event_type IN ({', '.join(repr(str(each)) for each in PROJECT_EVENT_TYPES)})"


class SessionEvent(ProjectRow, Base):
    """One entry of a session's feed.

    `subject_type` and `subject_id` name the row that the entry is about (the prefix of its id,
    such as `message`); no foreign key, so that the entry outlives the row. `root_id` is the
    session's own. Within a session the order of `position` is that of `sequence`; across sessions
    it is that of the writes, not of the commits (`resolvers/following/settled_positions.py`).
    """

    __tablename__ = "session_events"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "session_id", "sequence"),
        Index(None, "project_id", "root_id", "position"),
        Index(None, "project_id", "position", postgresql_where=text(IS_PROJECT_EVENT)),
        CheckConstraint("(subject_type IS NULL) = (subject_id IS NULL)", name="subject"),
        CheckConstraint("sequence > 0", name="sequence"),
        *not_negative("duration_ms"),
    )

    session_id: Mapped[UUID]
    root_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(server_default=POSITIONS.next_value())
    event_type: Mapped[str]
    event_data: Mapped[str | None] = mapped_column(JSON)
    subject_type: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    actor_id: Mapped[str | None]
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())
