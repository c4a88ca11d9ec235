"""Module states: the current document of one module in a session."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, order_index, references


class ModuleState(ProjectRow, Base):
    """A document with a revision; its transitions are its append-only log.

    `state_hash` is the SHA-256 of the document as compact JSON with sorted keys.
    """

    __tablename__ = "module_states"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "session_id", "module_id"),
        Index(None, "project_id", "created_at", "id"),
        Index(None, "project_id", "session_id", "created_at", "id"),
        Index(None, "project_id", "module_id", "created_at", "id"),
        Index(
            None,
            "project_id",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        CheckConstraint("revision > 0", name="revision"),
        CheckConstraint("octet_length(state_hash) = 32", name="state_hash"),
    )

    session_id: Mapped[UUID]
    module_id: Mapped[str]
    state_type: Mapped[str | None]
    version: Mapped[str | None]
    state: Mapped[str] = mapped_column(JSON)
    state_hash: Mapped[bytes] = mapped_column(LargeBinary)
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


order_index(ModuleState.updated_at)
