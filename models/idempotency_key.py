"""Idempotency keys: what a keyed mutation answered first."""

from datetime import datetime

from sqlalchemy import Integer, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSON, Base


class IdempotencyKey(Base):
    """The input and the answer of a keyed mutation.

    No foreign key to the project: each write would lock the project's row.
    """

    __tablename__ = "idempotency_keys"

    project_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    mutation: Mapped[str]
    input_hash: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[str | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
