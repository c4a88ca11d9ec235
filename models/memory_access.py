"""Memory accesses: who used a memory, when, and to what use."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Double, Index, Integer, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, between_0_and_1, not_negative, references


class MemoryAccess(ProjectRow, Base):
    """One use of a memory.

    `sequence` is the memory's count of accesses after this one, raised under the memory's lock: its
    order is the order of commits.
    """

    __tablename__ = "memory_accesses"
    __table_args__ = (
        *references("memory_id", "memories", on_delete="CASCADE", index=False),
        *references("session_id", "sessions", on_delete="SET NULL", index=False),
        *references("message_id", "messages", on_delete="SET NULL"),
        UniqueConstraint("project_id", "memory_id", "sequence"),
        Index(None, "project_id", "memory_id", "occurred_at", "id"),
        Index(None, "project_id", "session_id", "occurred_at", "id"),
        CheckConstraint("sequence > 0", name="sequence"),
        between_0_and_1("usefulness"),
        *not_negative("rank"),
    )

    memory_id: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(Integer)
    session_id: Mapped[UUID | None]
    message_id: Mapped[UUID | None]
    access_type: Mapped[str]
    accessed_by: Mapped[str | None]
    accessor_type: Mapped[str | None]
    context: Mapped[str | None] = mapped_column(JSON)
    query_text: Mapped[str | None]
    rank: Mapped[int | None] = mapped_column(Integer)
    score: Mapped[float | None] = mapped_column(Double)
    usefulness: Mapped[float | None] = mapped_column(Double)
    occurred_at: Mapped[datetime] = mapped_column(server_default=func.now())
