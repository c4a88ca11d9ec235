"""State transitions: the append-only log of a module state."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base, ProjectRow, references


class StateTransition(ProjectRow, Base):
    """The change that made revision `revision` of a module state.

    `is_patch` tells whether `new_values` is a JSON merge patch (RFC 7396) or the whole document.
    """

    __tablename__ = "state_transitions"
    __table_args__ = (
        *references("module_state_id", "module_states", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "module_state_id", "revision"),
        CheckConstraint("revision > 0", name="revision"),
    )

    module_state_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(Integer)
    is_patch: Mapped[bool]
    trigger_type: Mapped[str | None]
    trigger_id: Mapped[str | None]
    transition_data: Mapped[str | None] = mapped_column(JSON)
    previous_values: Mapped[str | None] = mapped_column(JSON)
    new_values: Mapped[str] = mapped_column(JSON)
    actor_id: Mapped[str | None]
    actor_type: Mapped[str | None]
