"""Agents: who holds the sessions."""

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import JSONB, Base, ProjectRoot, order_index


class Agent(ProjectRoot, Base):
    """An agent under the name that its runtime gave it."""

    __tablename__ = "agents"
    __table_args__ = (
        UniqueConstraint("project_id", "agent_id"),
        Index(None, "project_id", "created_at", "id"),
    )

    agent_id: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    input_hash: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))


order_index(Agent.name)
order_index(Agent.updated_at)
