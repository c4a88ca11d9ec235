"""Agent versions: what an agent was made of, and when."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSONB, Base, ProjectRow, references


class AgentVersion(ProjectRow, Base):
    """A version of an agent; at most one of an agent is active."""

    __tablename__ = "agent_versions"
    __table_args__ = (
        *references("agent_id", "agents", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "agent_id", "version_number"),
        Index(None, "project_id", "agent_id", "created_at", "id"),
        Index(
            "uq_agent_versions__one_active",
            "project_id",
            "agent_id",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )

    agent_id: Mapped[UUID]
    version_number: Mapped[str]
    changes: Mapped[str] = mapped_column(JSONB, server_default=text("'{}'"))
    configuration: Mapped[str] = mapped_column(JSONB, server_default=text("'{}'"))
    performance: Mapped[str] = mapped_column(JSONB, server_default=text("'{}'"))
    created_by: Mapped[str | None]
    is_active: Mapped[bool] = mapped_column(Boolean, server_default=false())
    activated_at: Mapped[datetime | None]
    deactivated_at: Mapped[datetime | None]
