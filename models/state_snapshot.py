"""State snapshots: copies of a module state that are kept for a reason."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, references


class StateSnapshot(ProjectRow, Base):
    """A module state's document as it was at one revision."""

    __tablename__ = "state_snapshots"
    __table_args__ = (
        *references("module_state_id", "module_states", on_delete="CASCADE", index=False),
        Index(None, "project_id", "module_state_id", "revision", "id"),
        Index(
            None,
            "project_id",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
        CheckConstraint("revision > 0", name="revision"),
    )

    module_state_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(JSON)
    reason: Mapped[str]
    expires_at: Mapped[datetime | None]
