"""Sessions: one run of an agent, with the sessions it started below it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    JSONB,
    Base,
    ProjectRoot,
    between_0_and_1,
    not_negative,
    one_of,
    order_index,
    references,
    search_index,
)


class SessionKind(StrEnum):
    """How a session came to be."""

    ROOT = "ROOT"
    SUBAGENT = "SUBAGENT"
    HANDOFF = "HANDOFF"
    FORK = "FORK"
    CONTINUATION = "CONTINUATION"


class SessionStatus(StrEnum):
    """Where a session stands; the last four are ends."""

    ACTIVE = "ACTIVE"
    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class Session(ProjectRoot, Base):
    """A session. Parent, root and depth are set for good when it is made, so there are no cycles.

    `message_sequence`, `event_sequence` and `item_sequence` are the last numbers given out; they
    are raised under the row's lock in the transaction that inserts the rows they number, so there
    are no gaps but those of deleted messages and items.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        *references("parent_id", "sessions", on_delete="CASCADE", index=False),
        *references("root_id", "sessions", on_delete="CASCADE", index=False),
        *references("agent_id", "agents", on_delete="SET NULL", index=False),
        *references("agent_version_id", "agent_versions", on_delete="SET NULL"),
        *references("spawned_by_tool_call_id", "tool_calls", on_delete="SET NULL", use_alter=True),
        UniqueConstraint("project_id", "session_id"),
        Index(None, "project_id", "created_at", "id"),
        Index(None, "project_id", "parent_id", "created_at", "id"),
        Index(None, "project_id", "root_id", "depth", "id"),
        Index(None, "project_id", "agent_id", "created_at", "id"),
        Index(None, "project_id", "status", "created_at", "id"),
        Index(None, "project_id", "user_id", "created_at", "id"),
        search_index("sessions", "tags"),
        search_index("sessions", "metadata"),
        search_index("sessions", "context"),
        Index(None, "project_id", "agent_id", "started_at"),
        Index(
            None,
            "project_id",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND status IN ('ACTIVE', 'WAITING')"),
        ),
        one_of("kind", SessionKind),
        one_of("status", SessionStatus),
        CheckConstraint(
            "(parent_id IS NULL) = (kind = 'ROOT') AND (parent_id IS NULL) = (depth = 0)"
            " AND (parent_id IS NULL) = (root_id = id)",
            name="tree",
        ),
        CheckConstraint("parent_id <> id", name="parent"),
        CheckConstraint("ended_at >= started_at", name="ended_at"),
        between_0_and_1("quality_score"),
        between_0_and_1("user_satisfaction"),
        *not_negative(
            "depth",
            "message_count",
            "tool_call_count",
            "failed_tool_call_count",
            "input_tokens",
            "output_tokens",
            "cost_usd",
        ),
        # a free tenth of each page lets the counters change in place (heap-only updates)
        {"postgresql_with": {"fillfactor": 90}},
    )

    session_id: Mapped[str | None]
    parent_id: Mapped[UUID | None]
    root_id: Mapped[UUID]
    depth: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    kind: Mapped[str] = mapped_column(server_default=SessionKind.ROOT)
    spawned_by_tool_call_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None]
    agent_version_id: Mapped[UUID | None]
    user_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=SessionStatus.ACTIVE)
    title: Mapped[str | None]
    purpose: Mapped[str | None]
    business_context: Mapped[str | None] = mapped_column(JSONB)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    source: Mapped[str | None]
    context: Mapped[str] = mapped_column(JSONB, server_default=text("'{}'"))
    meta: Mapped[str] = mapped_column("metadata", JSONB, server_default=text("'{}'"))
    quality_score: Mapped[float | None] = mapped_column(Double)
    user_satisfaction: Mapped[float | None] = mapped_column(Double)
    learning_outcomes: Mapped[str | None] = mapped_column(JSONB)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revision: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    input_hash: Mapped[bytes] = mapped_column(LargeBinary)

    message_sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    event_sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    item_sequence: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    message_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    tool_call_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed_tool_call_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    input_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    output_tokens: Mapped[int] = mapped_column(server_default=text("0"))
    cost_usd: Mapped[Decimal] = mapped_column(server_default=text("0"))


order_index(Session.started_at)
order_index(Session.ended_at)
order_index(Session.last_activity_at)
order_index(Session.quality_score)
