"""Tool calls: what an assistant message asked for, and what came of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, not_negative, one_of, order_index, references


class ToolCallStatus(StrEnum):
    """Where a tool call stands; the last four are ends."""

    PENDING = "PENDING"
    AWAITING_CONFIRMATION = "AWAITING_CONFIRMATION"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    DENIED = "DENIED"
    CANCELLED = "CANCELLED"


class ToolCall(ProjectRow, Base):
    """A tool call. Models repeat call ids, so an id is unique in a session for each attempt."""

    __tablename__ = "tool_calls"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        *references("message_id", "messages", on_delete="CASCADE", index=False),
        *references("result_message_id", "messages", on_delete="SET NULL"),
        *references("child_session_id", "sessions", on_delete="SET NULL"),
        UniqueConstraint("project_id", "session_id", "tool_call_id", "attempt"),
        UniqueConstraint("project_id", "message_id", "index"),
        Index(None, "project_id", "session_id", "created_at", "id"),
        Index(None, "project_id", "created_at", "id"),
        Index(None, "project_id", "tool_name", "created_at", "id"),
        Index(None, "project_id", "status", "created_at", "id"),
        one_of("status", ToolCallStatus),
        CheckConstraint("attempt > 0", name="attempt"),
        CheckConstraint("ended_at >= started_at", name="ended_at"),
        *not_negative("index", "duration_ms"),
    )

    session_id: Mapped[UUID]
    message_id: Mapped[UUID]
    result_message_id: Mapped[UUID | None]
    index: Mapped[int] = mapped_column(Integer)
    tool_call_id: Mapped[str | None]
    tool_name: Mapped[str]
    tool_type: Mapped[str | None]
    arguments: Mapped[str | None] = mapped_column(JSON)
    result: Mapped[str | None] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(server_default=ToolCallStatus.PENDING)
    error_type: Mapped[str | None]
    error_message: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    child_session_id: Mapped[UUID | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


order_index(ToolCall.duration_ms)
