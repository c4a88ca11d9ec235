"""Projects: what an API key opens, and what every row belongs to."""

from datetime import datetime

from sqlalchemy import Identity, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Project(Base):
    """A tenant. `id` leads every key of the store."""

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
