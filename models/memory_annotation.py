"""Memory annotations: corrections and remarks on a memory."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSONB, Base, ProjectRow, one_of, references


class AnnotatorKind(StrEnum):
    """Who annotates."""

    HUMAN = "HUMAN"
    LLM = "LLM"
    CODE = "CODE"


class MemoryAnnotation(ProjectRow, Base):
    """A remark on a memory, applied to it or not yet."""

    __tablename__ = "memory_annotations"
    __table_args__ = (
        *references("memory_id", "memories", on_delete="CASCADE", index=False),
        Index(None, "project_id", "memory_id", "created_at", "id"),
        one_of("annotator_kind", AnnotatorKind),
        CheckConstraint("is_applied = (applied_at IS NOT NULL)", name="applied_at"),
    )

    memory_id: Mapped[UUID]
    annotation_type: Mapped[str]
    content: Mapped[str] = mapped_column(JSONB)
    annotator_kind: Mapped[str]
    created_by: Mapped[str | None]
    is_applied: Mapped[bool] = mapped_column(Boolean, server_default=false())
    applied_at: Mapped[datetime | None]
