"""Memory relations: how one memory bears on another."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from models.base import Base, ProjectRow, one_of, references


class MemoryRelationType(StrEnum):
    """What the first memory does to the second."""

    SUPERSEDES = "SUPERSEDES"
    CONTRADICTS = "CONTRADICTS"
    DERIVED_FROM = "DERIVED_FROM"
    RELATED = "RELATED"


class MemoryRelation(ProjectRow, Base):
    """`memory_id` SUPERSEDES (CONTRADICTS …) `related_memory_id`."""

    __tablename__ = "memory_relations"
    __table_args__ = (
        *references("memory_id", "memories", on_delete="CASCADE", index=False),
        *references("related_memory_id", "memories", on_delete="CASCADE", index=False),
        UniqueConstraint(
            "project_id",
            "memory_id",
            "related_memory_id",
            "relation_type",
            name="uq_memory_relations__pair",
        ),
        Index(None, "project_id", "memory_id", "created_at", "id"),
        Index(None, "project_id", "related_memory_id", "created_at", "id"),
        one_of("relation_type", MemoryRelationType),
        CheckConstraint("memory_id <> related_memory_id", name="itself"),
    )

    memory_id: Mapped[UUID]
    related_memory_id: Mapped[UUID]
    relation_type: Mapped[str]
