"""The whole store of the first release.

Revision: 0001, after none. Made 2026-11-21 05:27:59.385196.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "idempotency_keys",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("project_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        op.f("ix_idempotency_keys__created_at"), "idempotency_keys", ["created_at"], unique=False
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects__name")),
    )
    op.create_table(
        "agents",
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_agents__project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_agents")),
        sa.UniqueConstraint("project_id", "agent_id", name=op.f("uq_agents__project_id_agent_id")),
    )
    op.create_index(
        op.f("ix_agents__project_id_created_at_id"),
        "agents",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "api_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "scopes <@ ARRAY['read', 'record', 'admin']", name=op.f("ck_api_keys__scopes")
        ),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name=op.f("ck_api_keys__secret_hash")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_api_keys__project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys__prefix")),
    )
    op.create_table(
        "agent_versions",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.Text(), nullable=False),
        sa.Column(
            "changes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "configuration",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "performance",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name=op.f("fk_agent_versions__project_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_agent_versions")),
        sa.UniqueConstraint(
            "project_id",
            "agent_id",
            "version_number",
            name=op.f("uq_agent_versions__project_id_agent_id_version_number"),
        ),
    )
    op.create_index(
        op.f("ix_agent_versions__project_id_agent_id_created_at_id"),
        "agent_versions",
        ["project_id", "agent_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_agent_versions__one_active",
        "agent_versions",
        ["project_id", "agent_id"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "agent_metrics",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("agent_version_id", sa.Uuid(), nullable=True),
        sa.Column("metric_type", sa.Text(), nullable=False),
        sa.Column("metric_value", sa.Double(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name=op.f("fk_agent_metrics__project_id_agent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_version_id"],
            ["agent_versions.project_id", "agent_versions.id"],
            name=op.f("fk_agent_metrics__project_id_agent_version_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_agent_metrics")),
    )
    op.create_index(
        op.f("ix_agent_metrics__project_id_agent_id_recorded_at_id"),
        "agent_metrics",
        ["project_id", "agent_id", "recorded_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_agent_metrics__project_id_agent_version_id"),
        "agent_metrics",
        ["project_id", "agent_version_id"],
        unique=False,
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("depth", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("kind", sa.Text(), server_default="ROOT", nullable=False),
        sa.Column("spawned_by_tool_call_id", sa.Uuid(), nullable=True),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("agent_version_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("business_context", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column(
            "context",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("quality_score", sa.Double(), nullable=True),
        sa.Column("user_satisfaction", sa.Double(), nullable=True),
        sa.Column("learning_outcomes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "last_activity_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("message_sequence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("event_sequence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("message_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tool_call_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "failed_tool_call_count", sa.Integer(), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("input_tokens", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("cost_usd", sa.Numeric(), server_default=sa.text("0"), nullable=False),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(parent_id IS NULL) = (kind = 'ROOT') AND (parent_id IS NULL) = (depth = 0) AND (parent_id IS NULL) = (root_id = id)",
            name=op.f("ck_sessions__tree"),
        ),
        sa.CheckConstraint(
            "kind IN ('ROOT', 'SUBAGENT', 'HANDOFF', 'FORK', 'CONTINUATION')",
            name=op.f("ck_sessions__kind"),
        ),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED')",
            name=op.f("ck_sessions__status"),
        ),
        sa.CheckConstraint("cost_usd >= 0", name=op.f("ck_sessions__cost_usd")),
        sa.CheckConstraint("depth >= 0", name=op.f("ck_sessions__depth")),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_sessions__ended_at")),
        sa.CheckConstraint(
            "failed_tool_call_count >= 0", name=op.f("ck_sessions__failed_tool_call_count")
        ),
        sa.CheckConstraint("input_tokens >= 0", name=op.f("ck_sessions__input_tokens")),
        sa.CheckConstraint("message_count >= 0", name=op.f("ck_sessions__message_count")),
        sa.CheckConstraint("output_tokens >= 0", name=op.f("ck_sessions__output_tokens")),
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_sessions__parent")),
        sa.CheckConstraint(
            "quality_score BETWEEN 0 AND 1", name=op.f("ck_sessions__quality_score")
        ),
        sa.CheckConstraint("tool_call_count >= 0", name=op.f("ck_sessions__tool_call_count")),
        sa.CheckConstraint(
            "user_satisfaction BETWEEN 0 AND 1", name=op.f("ck_sessions__user_satisfaction")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name=op.f("fk_sessions__project_id_agent_id"),
            ondelete="SET NULL (agent_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_version_id"],
            ["agent_versions.project_id", "agent_versions.id"],
            name=op.f("fk_sessions__project_id_agent_version_id"),
            ondelete="SET NULL (agent_version_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "parent_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_sessions__project_id_parent_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "root_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_sessions__project_id_root_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_sessions__project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_sessions")),
        sa.UniqueConstraint(
            "project_id", "session_id", name=op.f("uq_sessions__project_id_session_id")
        ),
        postgresql_with={"fillfactor": 90},
    )
    op.create_index(
        op.f("ix_sessions__project_id_agent_id_created_at_id"),
        "sessions",
        ["project_id", "agent_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions__project_id_agent_version_id"),
        "sessions",
        ["project_id", "agent_version_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions__project_id_created_at_id"),
        "sessions",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions__project_id_parent_id_created_at_id"),
        "sessions",
        ["project_id", "parent_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions__project_id_root_id_depth_id"),
        "sessions",
        ["project_id", "root_id", "depth", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_sessions__project_id_spawned_by_tool_call_id"),
        "sessions",
        ["project_id", "spawned_by_tool_call_id"],
        unique=False,
    )
    op.create_table(
        "messages",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("tool_call_id", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("parts", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("response_type", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="COMPLETE", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("request_model", sa.Text(), nullable=True),
        sa.Column("response_model", sa.Text(), nullable=True),
        sa.Column("response_id", sa.Text(), nullable=True),
        sa.Column(
            "finish_reasons",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("cache_read_input_tokens", sa.Integer(), nullable=True),
        sa.Column("cache_creation_input_tokens", sa.Integer(), nullable=True),
        sa.Column("reasoning_output_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Numeric(), nullable=True),
        sa.Column("time_to_first_chunk_ms", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("span_id", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role IN ('SYSTEM', 'DEVELOPER', 'USER', 'ASSISTANT', 'TOOL')",
            name=op.f("ck_messages__role"),
        ),
        sa.CheckConstraint(
            "status IN ('COMPLETE', 'STREAMING', 'INTERRUPTED', 'ERROR')",
            name=op.f("ck_messages__status"),
        ),
        sa.CheckConstraint(
            "cache_creation_input_tokens >= 0",
            name=op.f("ck_messages__cache_creation_input_tokens"),
        ),
        sa.CheckConstraint(
            "cache_read_input_tokens >= 0", name=op.f("ck_messages__cache_read_input_tokens")
        ),
        sa.CheckConstraint("cost_usd >= 0", name=op.f("ck_messages__cost_usd")),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_messages__duration_ms")),
        sa.CheckConstraint("input_tokens >= 0", name=op.f("ck_messages__input_tokens")),
        sa.CheckConstraint("output_tokens >= 0", name=op.f("ck_messages__output_tokens")),
        sa.CheckConstraint(
            "reasoning_output_tokens >= 0", name=op.f("ck_messages__reasoning_output_tokens")
        ),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_messages__sequence")),
        sa.CheckConstraint(
            "time_to_first_chunk_ms >= 0", name=op.f("ck_messages__time_to_first_chunk_ms")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_messages__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "project_id",
            "session_id",
            "sequence",
            name=op.f("uq_messages__project_id_session_id_sequence"),
        ),
    )
    op.create_table(
        "module_states",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Text(), nullable=False),
        sa.Column("state_type", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("state", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "octet_length(state_hash) = 32", name=op.f("ck_module_states__state_hash")
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_module_states__revision")),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_module_states__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_module_states")),
        sa.UniqueConstraint(
            "project_id",
            "session_id",
            "module_id",
            name=op.f("uq_module_states__project_id_session_id_module_id"),
        ),
    )
    op.create_index(
        op.f("ix_module_states__project_id_created_at_id"),
        "module_states",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_module_states__project_id_session_id_created_at_id"),
        "module_states",
        ["project_id", "session_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "session_events",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_data", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("subject_type", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column(
            "occurred_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(subject_type IS NULL) = (subject_id IS NULL)", name=op.f("ck_session_events__subject")
        ),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_session_events__duration_ms")),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_session_events__sequence")),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_session_events__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_session_events")),
        sa.UniqueConstraint(
            "project_id",
            "session_id",
            "sequence",
            name=op.f("uq_session_events__project_id_session_id_sequence"),
        ),
    )
    op.create_table(
        "session_metrics",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("metric_type", sa.Text(), nullable=False),
        sa.Column("metric_value", sa.Double(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_session_metrics__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_session_metrics")),
    )
    op.create_index(
        op.f("ix_session_metrics__project_id_session_id_recorded_at_id"),
        "session_metrics",
        ["project_id", "session_id", "recorded_at", "id"],
        unique=False,
    )
    op.create_table(
        "memories",
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("source_message_id", sa.Uuid(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("memory_type", sa.Text(), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_text", sa.Text(), nullable=True),
        sa.Column("importance", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("valid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invalid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("access_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_accessed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("embedding", postgresql.ARRAY(sa.REAL()), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('ACTIVE', 'ARCHIVED', 'SUPERSEDED')", name=op.f("ck_memories__state")
        ),
        sa.CheckConstraint("access_count >= 0", name=op.f("ck_memories__access_count")),
        sa.CheckConstraint("confidence BETWEEN 0 AND 1", name=op.f("ck_memories__confidence")),
        sa.CheckConstraint("importance BETWEEN 0 AND 1", name=op.f("ck_memories__importance")),
        sa.CheckConstraint("invalid_at >= valid_at", name=op.f("ck_memories__invalid_at")),
        sa.ForeignKeyConstraint(
            ["project_id", "agent_id"],
            ["agents.project_id", "agents.id"],
            name=op.f("fk_memories__project_id_agent_id"),
            ondelete="SET NULL (agent_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_memories__project_id_session_id"),
            ondelete="SET NULL (session_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "source_message_id"],
            ["messages.project_id", "messages.id"],
            name=op.f("fk_memories__project_id_source_message_id"),
            ondelete="SET NULL (source_message_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_memories__project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_memories")),
        postgresql_with={"fillfactor": 90},
    )
    op.create_index(
        op.f("ix_memories__project_id_agent_id_created_at_id"),
        "memories",
        ["project_id", "agent_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_memories__project_id_created_at_id"),
        "memories",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_memories__project_id_session_id_created_at_id"),
        "memories",
        ["project_id", "session_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_memories__project_id_source_message_id"),
        "memories",
        ["project_id", "source_message_id"],
        unique=False,
    )
    op.create_table(
        "state_snapshots",
        sa.Column("module_state_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_state_snapshots__revision")),
        sa.ForeignKeyConstraint(
            ["project_id", "module_state_id"],
            ["module_states.project_id", "module_states.id"],
            name=op.f("fk_state_snapshots__project_id_module_state_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_state_snapshots")),
    )
    op.create_index(
        op.f("ix_state_snapshots__project_id_module_state_id_revision_id"),
        "state_snapshots",
        ["project_id", "module_state_id", "revision", "id"],
        unique=False,
    )
    op.create_table(
        "state_transitions",
        sa.Column("module_state_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("is_patch", sa.Boolean(), nullable=False),
        sa.Column("trigger_type", sa.Text(), nullable=True),
        sa.Column("trigger_id", sa.Text(), nullable=True),
        sa.Column("transition_data", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("previous_values", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("new_values", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("actor_type", sa.Text(), nullable=True),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_state_transitions__revision")),
        sa.ForeignKeyConstraint(
            ["project_id", "module_state_id"],
            ["module_states.project_id", "module_states.id"],
            name=op.f("fk_state_transitions__project_id_module_state_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_state_transitions")),
        sa.UniqueConstraint(
            "project_id",
            "module_state_id",
            "revision",
            name=op.f("uq_state_transitions__project_id_module_state_id_revision"),
        ),
    )
    op.create_table(
        "tool_calls",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("result_message_id", sa.Uuid(), nullable=True),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("tool_call_id", sa.Text(), nullable=True),
        sa.Column("tool_name", sa.Text(), nullable=False),
        sa.Column("tool_type", sa.Text(), nullable=True),
        sa.Column("arguments", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("result", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("error_type", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("child_session_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'AWAITING_CONFIRMATION', 'RUNNING', 'SUCCEEDED', 'FAILED', 'DENIED', 'CANCELLED')",
            name=op.f("ck_tool_calls__status"),
        ),
        sa.CheckConstraint("attempt > 0", name=op.f("ck_tool_calls__attempt")),
        sa.CheckConstraint("duration_ms >= 0", name=op.f("ck_tool_calls__duration_ms")),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_tool_calls__ended_at")),
        sa.CheckConstraint("index >= 0", name=op.f("ck_tool_calls__index")),
        sa.ForeignKeyConstraint(
            ["project_id", "child_session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_tool_calls__project_id_child_session_id"),
            ondelete="SET NULL (child_session_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "message_id"],
            ["messages.project_id", "messages.id"],
            name=op.f("fk_tool_calls__project_id_message_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "result_message_id"],
            ["messages.project_id", "messages.id"],
            name=op.f("fk_tool_calls__project_id_result_message_id"),
            ondelete="SET NULL (result_message_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_tool_calls__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_tool_calls")),
        sa.UniqueConstraint(
            "project_id",
            "message_id",
            "index",
            name=op.f("uq_tool_calls__project_id_message_id_index"),
        ),
        sa.UniqueConstraint(
            "project_id",
            "session_id",
            "tool_call_id",
            "attempt",
            name=op.f("uq_tool_calls__project_id_session_id_tool_call_id_attempt"),
        ),
    )
    op.create_index(
        op.f("ix_tool_calls__project_id_child_session_id"),
        "tool_calls",
        ["project_id", "child_session_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tool_calls__project_id_created_at_id"),
        "tool_calls",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tool_calls__project_id_result_message_id"),
        "tool_calls",
        ["project_id", "result_message_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tool_calls__project_id_session_id_created_at_id"),
        "tool_calls",
        ["project_id", "session_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "confirmations",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("tool_call_id", sa.Uuid(), nullable=True),
        sa.Column("tool_name", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("edited_arguments", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("user_message", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decider_type", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'PENDING') = (decided_at IS NULL)", name=op.f("ck_confirmations__decided_at")
        ),
        sa.CheckConstraint(
            "status IN ('PENDING', 'APPROVED', 'DENIED', 'EXPIRED', 'CANCELLED')",
            name=op.f("ck_confirmations__status"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_confirmations__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "tool_call_id"],
            ["tool_calls.project_id", "tool_calls.id"],
            name=op.f("fk_confirmations__project_id_tool_call_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint(
            "project_id", "tool_call_id", name=op.f("uq_confirmations__project_id_tool_call_id")
        ),
    )
    op.create_index(
        op.f("ix_confirmations__project_id_created_at_id"),
        "confirmations",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_confirmations__project_id_session_id_created_at_id"),
        "confirmations",
        ["project_id", "session_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "memory_accesses",
        sa.Column("memory_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("access_type", sa.Text(), nullable=False),
        sa.Column("accessed_by", sa.Text(), nullable=True),
        sa.Column("accessor_type", sa.Text(), nullable=True),
        sa.Column("context", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("query_text", sa.Text(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("usefulness", sa.Double(), nullable=True),
        sa.Column(
            "occurred_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("rank >= 0", name=op.f("ck_memory_accesses__rank")),
        sa.CheckConstraint(
            "usefulness BETWEEN 0 AND 1", name=op.f("ck_memory_accesses__usefulness")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "memory_id"],
            ["memories.project_id", "memories.id"],
            name=op.f("fk_memory_accesses__project_id_memory_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "message_id"],
            ["messages.project_id", "messages.id"],
            name=op.f("fk_memory_accesses__project_id_message_id"),
            ondelete="SET NULL (message_id)",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_memory_accesses__project_id_session_id"),
            ondelete="SET NULL (session_id)",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_memory_accesses")),
    )
    op.create_index(
        op.f("ix_memory_accesses__project_id_memory_id_occurred_at_id"),
        "memory_accesses",
        ["project_id", "memory_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_memory_accesses__project_id_message_id"),
        "memory_accesses",
        ["project_id", "message_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_memory_accesses__project_id_session_id_occurred_at_id"),
        "memory_accesses",
        ["project_id", "session_id", "occurred_at", "id"],
        unique=False,
    )
    op.create_table(
        "memory_annotations",
        sa.Column("memory_id", sa.Uuid(), nullable=False),
        sa.Column("annotation_type", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("annotator_kind", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("is_applied", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "annotator_kind IN ('HUMAN', 'LLM', 'CODE')",
            name=op.f("ck_memory_annotations__annotator_kind"),
        ),
        sa.CheckConstraint(
            "is_applied = (applied_at IS NOT NULL)", name=op.f("ck_memory_annotations__applied_at")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "memory_id"],
            ["memories.project_id", "memories.id"],
            name=op.f("fk_memory_annotations__project_id_memory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_memory_annotations")),
    )
    op.create_index(
        op.f("ix_memory_annotations__project_id_memory_id_created_at_id"),
        "memory_annotations",
        ["project_id", "memory_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "memory_relations",
        sa.Column("memory_id", sa.Uuid(), nullable=False),
        sa.Column("related_memory_id", sa.Uuid(), nullable=False),
        sa.Column("relation_type", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "relation_type IN ('SUPERSEDES', 'CONTRADICTS', 'DERIVED_FROM', 'RELATED')",
            name=op.f("ck_memory_relations__relation_type"),
        ),
        sa.CheckConstraint(
            "memory_id <> related_memory_id", name=op.f("ck_memory_relations__itself")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "memory_id"],
            ["memories.project_id", "memories.id"],
            name=op.f("fk_memory_relations__project_id_memory_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "related_memory_id"],
            ["memories.project_id", "memories.id"],
            name=op.f("fk_memory_relations__project_id_related_memory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_memory_relations")),
        sa.UniqueConstraint(
            "project_id",
            "memory_id",
            "related_memory_id",
            "relation_type",
            name="uq_memory_relations__pair",
        ),
    )
    op.create_index(
        op.f("ix_memory_relations__project_id_memory_id_created_at_id"),
        "memory_relations",
        ["project_id", "memory_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_memory_relations__project_id_related_memory_id_created_at_id"),
        "memory_relations",
        ["project_id", "related_memory_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "memory_revisions",
        sa.Column("memory_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_text", sa.Text(), nullable=True),
        sa.Column("importance", sa.Double(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('ACTIVE', 'ARCHIVED', 'SUPERSEDED')", name=op.f("ck_memory_revisions__state")
        ),
        sa.CheckConstraint("revision > 0", name=op.f("ck_memory_revisions__revision")),
        sa.ForeignKeyConstraint(
            ["project_id", "memory_id"],
            ["memories.project_id", "memories.id"],
            name=op.f("fk_memory_revisions__project_id_memory_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_memory_revisions")),
        sa.UniqueConstraint(
            "project_id",
            "memory_id",
            "revision",
            name=op.f("uq_memory_revisions__project_id_memory_id_revision"),
        ),
    )
    op.create_foreign_key(
        op.f("fk_sessions__project_id_spawned_by_tool_call_id"),
        "sessions",
        "tool_calls",
        ["project_id", "spawned_by_tool_call_id"],
        ["project_id", "id"],
        ondelete="SET NULL (spawned_by_tool_call_id)",
    )
    # what needs no key belongs to project 1
    op.execute("INSERT INTO projects (name) VALUES ('default')")


def downgrade() -> None:
    """Take the revision back."""
    op.drop_constraint(op.f("fk_sessions__project_id_spawned_by_tool_call_id"), "sessions")
    op.drop_table("memory_revisions")
    op.drop_index(
        op.f("ix_memory_relations__project_id_related_memory_id_created_at_id"),
        table_name="memory_relations",
    )
    op.drop_index(
        op.f("ix_memory_relations__project_id_memory_id_created_at_id"),
        table_name="memory_relations",
    )
    op.drop_table("memory_relations")
    op.drop_index(
        op.f("ix_memory_annotations__project_id_memory_id_created_at_id"),
        table_name="memory_annotations",
    )
    op.drop_table("memory_annotations")
    op.drop_index(
        op.f("ix_memory_accesses__project_id_session_id_occurred_at_id"),
        table_name="memory_accesses",
    )
    op.drop_index(op.f("ix_memory_accesses__project_id_message_id"), table_name="memory_accesses")
    op.drop_index(
        op.f("ix_memory_accesses__project_id_memory_id_occurred_at_id"),
        table_name="memory_accesses",
    )
    op.drop_table("memory_accesses")
    op.drop_index(
        op.f("ix_confirmations__project_id_session_id_created_at_id"), table_name="confirmations"
    )
    op.drop_index(op.f("ix_confirmations__project_id_created_at_id"), table_name="confirmations")
    op.drop_table("confirmations")
    op.drop_index(
        op.f("ix_tool_calls__project_id_session_id_created_at_id"), table_name="tool_calls"
    )
    op.drop_index(op.f("ix_tool_calls__project_id_result_message_id"), table_name="tool_calls")
    op.drop_index(op.f("ix_tool_calls__project_id_created_at_id"), table_name="tool_calls")
    op.drop_index(op.f("ix_tool_calls__project_id_child_session_id"), table_name="tool_calls")
    op.drop_table("tool_calls")
    op.drop_table("state_transitions")
    op.drop_index(
        op.f("ix_state_snapshots__project_id_module_state_id_revision_id"),
        table_name="state_snapshots",
    )
    op.drop_table("state_snapshots")
    op.drop_index(op.f("ix_memories__project_id_source_message_id"), table_name="memories")
    op.drop_index(op.f("ix_memories__project_id_session_id_created_at_id"), table_name="memories")
    op.drop_index(op.f("ix_memories__project_id_created_at_id"), table_name="memories")
    op.drop_index(op.f("ix_memories__project_id_agent_id_created_at_id"), table_name="memories")
    op.drop_table("memories")
    op.drop_index(
        op.f("ix_session_metrics__project_id_session_id_recorded_at_id"),
        table_name="session_metrics",
    )
    op.drop_table("session_metrics")
    op.drop_table("session_events")
    op.drop_index(
        op.f("ix_module_states__project_id_session_id_created_at_id"), table_name="module_states"
    )
    op.drop_index(op.f("ix_module_states__project_id_created_at_id"), table_name="module_states")
    op.drop_table("module_states")
    op.drop_table("messages")
    op.drop_index(op.f("ix_sessions__project_id_spawned_by_tool_call_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions__project_id_root_id_depth_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions__project_id_parent_id_created_at_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions__project_id_created_at_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions__project_id_agent_version_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions__project_id_agent_id_created_at_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_agent_metrics__project_id_agent_version_id"), table_name="agent_metrics")
    op.drop_index(
        op.f("ix_agent_metrics__project_id_agent_id_recorded_at_id"), table_name="agent_metrics"
    )
    op.drop_table("agent_metrics")
    op.drop_index(
        "uq_agent_versions__one_active",
        table_name="agent_versions",
        postgresql_where=sa.text("is_active"),
    )
    op.drop_index(
        op.f("ix_agent_versions__project_id_agent_id_created_at_id"), table_name="agent_versions"
    )
    op.drop_table("agent_versions")
    op.drop_table("api_keys")
    op.drop_index(op.f("ix_agents__project_id_created_at_id"), table_name="agents")
    op.drop_table("agents")
    op.drop_table("projects")
    op.drop_index(op.f("ix_idempotency_keys__created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
