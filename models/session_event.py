"""Session events: the feed of everything that was recorded in a session."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Integer, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, not_negative, references


class SessionEvent(ProjectRow, Base):
    """One entry of a session's feed.

    `subject_type` and `subject_id` name the row that the entry is about (the prefix of its id,
    such as `message`); no foreign key, so that the entry outlives the row.
    """

    __tablename__ = "session_events"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "session_id", "sequence"),
        CheckConstraint("(subject_type IS NULL) = (subject_id IS NULL)", name="subject"),
        CheckConstraint("sequence > 0", name="sequence"),
        *not_negative("duration_ms"),
    )

    session_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(Integer)
    event_type: Mapped[str]
    event_data: Mapped[str | None] = mapped_column(JSON)
    subject_type: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    actor_id: Mapped[str | None]
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())
