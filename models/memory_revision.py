"""Memory revisions: what a memory said before it was changed."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Double, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSONB, Base, ProjectRow, one_of, references
from models.memory import MemoryState


class MemoryRevision(ProjectRow, Base):
    """A memory as it was at `revision`; `created_at` is when that revision was replaced."""

    __tablename__ = "memory_revisions"
    __table_args__ = (
        *references("memory_id", "memories", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "memory_id", "revision"),
        CheckConstraint("revision > 0", name="revision"),
        one_of("state", MemoryState),
    )

    memory_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(Integer)
    content: Mapped[str] = mapped_column(JSONB)
    content_text: Mapped[str | None]
    importance: Mapped[float | None] = mapped_column(Double)
    confidence: Mapped[float | None] = mapped_column(Double)
    state: Mapped[str]
    changed_by: Mapped[str | None]
    reason: Mapped[str | None]
