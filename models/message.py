"""Messages: what was said in a session, in order."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, JSONB, Base, ProjectRow, not_negative, one_of, references


class MessageRole(StrEnum):
    """Who speaks."""

    SYSTEM = "SYSTEM"
    DEVELOPER = "DEVELOPER"
    USER = "USER"
    ASSISTANT = "ASSISTANT"
    TOOL = "TOOL"


class MessageStatus(StrEnum):
    """Whether a message is whole."""

    COMPLETE = "COMPLETE"
    STREAMING = "STREAMING"
    INTERRUPTED = "INTERRUPTED"
    ERROR = "ERROR"


class Message(ProjectRow, Base):
    """A message; `sequence` counts 1, 2, 3 … in its session.

    `tool_call_id` is what a TOOL message answers, in the runtime's own name, call or no call.
    """

    __tablename__ = "messages"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "session_id", "sequence"),
        one_of("role", MessageRole),
        one_of("status", MessageStatus),
        CheckConstraint("sequence > 0", name="sequence"),
        *not_negative(
            "input_tokens",
            "output_tokens",
            "cache_read_input_tokens",
            "cache_creation_input_tokens",
            "reasoning_output_tokens",
            "cost_usd",
            "time_to_first_chunk_ms",
            "duration_ms",
        ),
    )

    session_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(Integer)
    role: Mapped[str]
    name: Mapped[str | None]
    tool_call_id: Mapped[str | None]
    content: Mapped[str | None]
    parts: Mapped[str | None] = mapped_column(JSON)
    response_type: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=MessageStatus.COMPLETE)
    error: Mapped[str | None]
    provider: Mapped[str | None]
    request_model: Mapped[str | None]
    response_model: Mapped[str | None]
    response_id: Mapped[str | None]
    finish_reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    input_tokens: Mapped[int | None] = mapped_column(Integer)
    output_tokens: Mapped[int | None] = mapped_column(Integer)
    cache_read_input_tokens: Mapped[int | None] = mapped_column(Integer)
    cache_creation_input_tokens: Mapped[int | None] = mapped_column(Integer)
    reasoning_output_tokens: Mapped[int | None] = mapped_column(Integer)
    cost_usd: Mapped[Decimal | None]
    time_to_first_chunk_ms: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    trace_id: Mapped[str | None]
    span_id: Mapped[str | None]
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
