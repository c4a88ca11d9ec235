"""Session items: what a framework keeps of its own for a session."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, JSONB, Base, ProjectRow, references, search_index


class SessionItem(ProjectRow, Base):
    """A document under a key of a collection; `sequence` counts a session's items as they come.

    Keys are ordered by the code points of their characters, whatever the database's own order is.
    """

    __tablename__ = "session_items"
    __table_args__ = (
        *references("session_id", "sessions", on_delete="CASCADE", index=False),
        UniqueConstraint("project_id", "session_id", "collection", "key"),
        UniqueConstraint("project_id", "session_id", "sequence"),
        Index(None, "project_id", "session_id", "collection", "sequence"),
        Index(None, "project_id", "collection", "key", "id"),
        Index(None, "project_id", "created_at", "id"),
        search_index("session_items", "metadata"),
        CheckConstraint("sequence > 0", name="sequence"),
        CheckConstraint("revision > 0", name="revision"),
    )

    session_id: Mapped[UUID]
    collection: Mapped[str]
    key: Mapped[str] = mapped_column(Text(collation="C"))
    sequence: Mapped[int] = mapped_column(Integer)
    value: Mapped[str] = mapped_column(JSON)
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
