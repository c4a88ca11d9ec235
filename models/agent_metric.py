"""Metrics of agents and their versions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Double, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSONB, Base, ProjectRow, references


class AgentMetric(ProjectRow, Base):
    """A figure measured of an agent, or of one version of it."""

    __tablename__ = "agent_metrics"
    __table_args__ = (
        *references("agent_id", "agents", on_delete="CASCADE", index=False),
        *references("agent_version_id", "agent_versions", on_delete="CASCADE"),
        Index(None, "project_id", "agent_id", "recorded_at", "id"),
    )

    agent_id: Mapped[UUID]
    agent_version_id: Mapped[UUID | None]
    metric_type: Mapped[str]
    metric_value: Mapped[float] = mapped_column(Double)
    timeframe: Mapped[str | None]
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
