"""Persisted documents: what clients may run by its hash."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class PersistedDocument(Base):
    """A GraphQL document under the SHA-256 of its text in UTF-8; the server's, of no project."""

    __tablename__ = "persisted_documents"
    __table_args__ = (CheckConstraint("octet_length(hash) = 32", name="hash"),)

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    document: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
