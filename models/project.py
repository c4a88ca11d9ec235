"""Projects: what an API key opens, and what every row belongs to."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Identity, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Project(Base):
    """A tenant. `id` leads every key of the store."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint(
            "length(name) BETWEEN 1 AND 100 AND name = btrim(name) AND name !~ '[[:cntrl:]]'",
            name="name",
        ),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]
    """When its deletion began: nothing opens it any more, and its rows go, batch by batch."""
