"""Spans of OpenTelemetry traces, kept until they are recorded and a while after."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base


class Span(Base):
    """A span as it came, so that one that comes again is known and one that comes late is placed.

    `span` is what is recorded of it; None for one that is only a link between two others.
    `recorded_at` is None while it waits for its parent. No foreign key to the project: each write
    would lock the project's row.
    """

    __tablename__ = "spans"
    __table_args__ = (
        Index(None, "created_at"),
        CheckConstraint("octet_length(trace_id) = 16", name="trace_id"),
        CheckConstraint("octet_length(span_id) = 8", name="span_id"),
    )

    project_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    trace_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    span_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    parent_span_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    span: Mapped[str | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    recorded_at: Mapped[datetime | None]
