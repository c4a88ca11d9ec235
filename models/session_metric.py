"""Metrics of sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Double, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSONB, Base, ProjectRow, references


class SessionMetric(ProjectRow, Base):
    """A figure measured of a session; `unit` is a UCUM code."""

    __tablename__ = "session_metrics"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        Index(None, "project_id", "session_id", "recorded_at", "id"),
    )

    session_id: Mapped[UUID]
    metric_type: Mapped[str]
    metric_value: Mapped[float] = mapped_column(Double)
    unit: Mapped[str | None]
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
