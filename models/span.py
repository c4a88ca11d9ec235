"""Spans of OpenTelemetry traces, kept until they are recorded and a while after."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base


class Span(Base):
    """A span, so that one that comes again is known and one that comes late is placed.

    `id` is that of the trace, 16 bytes, then that of the span, 8 bytes; so is `parent_id`. `kind`
    is what the span is for us; None for one that is only a link between two others. `operation` is
    what is to be recorded, and None once it is: `recorded_at` is None while it waits. No foreign
    key to the project: each write would lock the project's row.
    """

    __tablename__ = "spans"
    __table_args__ = (
        Index(None, "created_at"),
        Index("ix_spans__waiting", "created_at", postgresql_where=text("recorded_at IS NULL")),
        Index("ix_spans__links", "created_at", postgresql_where=text("kind IS NULL")),
        CheckConstraint("octet_length(id) = 24", name="id"),
        CheckConstraint("octet_length(parent_id) = 24", name="parent_id"),
    )

    project_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    parent_id: Mapped[bytes | None] = mapped_column(LargeBinary)
    kind: Mapped[str | None]
    conversation: Mapped[str | None]
    tool_call_id: Mapped[str | None]
    started_at: Mapped[datetime]
    operation: Mapped[str | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    recorded_at: Mapped[datetime | None]
