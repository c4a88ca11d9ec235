"""API keys: who may do what in a project."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, LargeBinary, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ProjectRoot


class Scope(StrEnum):
    """What a key allows: reading, recording, or also taking care of the project."""

    READ = "read"
    RECORD = "record"
    ADMIN = "admin"


class ApiKey(ProjectRoot, Base):
    """A key `sg_<prefix>_<secret>`; only the SHA-256 of the secret is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        UniqueConstraint("prefix"),
        CheckConstraint("scopes <@ ARRAY['read', 'record', 'admin']", name="scopes"),
        CheckConstraint("octet_length(secret_hash) = 32", name="secret_hash"),
    )

    name: Mapped[str]
    prefix: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime | None]
    """From then on it opens nothing; None is never."""
    last_used_at: Mapped[datetime | None]
    """Written about a minute late; None where it was never used."""
    revoked_at: Mapped[datetime | None]
