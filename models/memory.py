"""Memories: what agents keep between sessions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    JSONB,
    Base,
    ProjectRoot,
    between_0_and_1,
    not_negative,
    one_of,
    order_index,
    references,
    search_index,
)


class MemoryState(StrEnum):
    """Whether a memory still holds."""

    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"
    SUPERSEDED = "SUPERSEDED"


class Memory(ProjectRoot, Base):
    """A memory. An access raises `access_count` and never touches `updated_at`.

    `memory_id` is the runtime's own name; `input_hash` tells what a memory with a name was made
    from, and is null for others.
    """

    __tablename__ = "memories"
    __table_args__ = (
        *references("agent_id", "agents", on_delete="SET NULL", index=False),
        *references("session_id", "sessions", on_delete="SET NULL", index=False),
        *references("source_message_id", "messages", on_delete="SET NULL"),
        UniqueConstraint("project_id", "memory_id"),
        Index(None, "project_id", "created_at", "id"),
        Index(None, "project_id", "agent_id", "created_at", "id"),
        Index(None, "project_id", "session_id", "created_at", "id"),
        Index(None, "project_id", "type", "created_at", "id"),
        Index(None, "project_id", "user_id", "created_at", "id"),
        search_index("memories", "content"),
        search_index("memories", "metadata"),
        Index(
            None,
            "project_id",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        one_of("state", MemoryState),
        between_0_and_1("importance"),
        between_0_and_1("confidence"),
        CheckConstraint("invalid_at >= valid_at", name="invalid_at"),
        *not_negative("access_count"),
        {"postgresql_with": {"fillfactor": 90}},
    )

    agent_id: Mapped[UUID | None]
    user_id: Mapped[str | None]
    session_id: Mapped[UUID | None]
    source_message_id: Mapped[UUID | None]
    type: Mapped[str]
    memory_type: Mapped[str | None]
    content: Mapped[str] = mapped_column(JSONB)
    content_text: Mapped[str | None]
    importance: Mapped[float | None] = mapped_column(Double)
    confidence: Mapped[float | None] = mapped_column(Double)
    source_type: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=MemoryState.ACTIVE)
    valid_at: Mapped[datetime | None]
    invalid_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    access_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_accessed_at: Mapped[datetime | None]
    embedding: Mapped[list[float] | None] = mapped_column(ARRAY(REAL))
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    memory_id: Mapped[str | None]
    input_hash: Mapped[bytes | None] = mapped_column(LargeBinary)


order_index(Memory.updated_at)
order_index(Memory.importance)
