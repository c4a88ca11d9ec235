"""Confirmations: questions to a person before a tool call runs."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, one_of, references


class ConfirmationStatus(StrEnum):
    """Where a confirmation stands; all but the first are ends."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


_EXPIRES = "status = 'PENDING' AND expires_at IS NOT NULL"


class Confirmation(ProjectRow, Base):
    """A question about one tool call; a session may have many at once."""

    __tablename__ = "confirmations"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        *references("tool_call_id", "tool_calls", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "tool_call_id"),
        Index(None, "project_id", "session_id", "created_at", "id"),
        Index(None, "project_id", "created_at", "id"),
        Index(None, "project_id", "status", "created_at", "id"),
        Index(None, "project_id", "expires_at", postgresql_where=text(_EXPIRES)),
        one_of("status", ConfirmationStatus),
        CheckConstraint("(status = 'PENDING') = (decided_at IS NULL)", name="decided_at"),
    )

    session_id: Mapped[UUID]
    tool_call_id: Mapped[UUID | None]
    tool_name: Mapped[str]
    arguments: Mapped[str | None] = mapped_column(JSON)
    edited_arguments: Mapped[str | None] = mapped_column(JSON)
    user_message: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=ConfirmationStatus.PENDING)
    decided_by: Mapped[str | None]
    decider_type: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
