"""Retention rules: how long a project keeps sessions that have ended."""

from datetime import datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Interval, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, one_of
from models.session import SessionStatus


class RetentionRule(Base):
    """Trees of sessions whose root has `status` go when nothing happened in them for `keep_for`."""

    __tablename__ = "retention_rules"
    __table_args__ = (
        one_of("status", SessionStatus),
        CheckConstraint("keep_for > interval '0'", name="keep_for"),
    )

    project_id: Mapped[int] = mapped_column(
        Integer,
        ForeignKey("projects.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    status: Mapped[str] = mapped_column(primary_key=True)
    keep_for: Mapped[timedelta] = mapped_column(Interval)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
