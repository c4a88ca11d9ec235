"""Retention rules and spans.

Revision: 0008, after 0007. Made 2026-11-21 20:35:38.985522.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "spans",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("parent_id", sa.LargeBinary(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("tool_call_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "operation", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=True
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(id) = 24", name=op.f("ck_spans__id")),
        sa.CheckConstraint("octet_length(parent_id) = 24", name=op.f("ck_spans__parent_id")),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_spans")),
    )
    op.create_index(op.f("ix_spans__created_at"), "spans", ["created_at"], unique=False)
    op.create_index(
        "ix_spans__waiting",
        "spans",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("recorded_at IS NULL"),
    )
    op.create_index(
        "ix_spans__links",
        "spans",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("kind IS NULL"),
    )
    op.create_table(
        "retention_rules",
        sa.Column("project_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("keep_for", sa.Interval(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("keep_for > interval '0'", name=op.f("ck_retention_rules__keep_for")),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED')",
            name=op.f("ck_retention_rules__status"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_retention_rules__project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "status", name=op.f("pk_retention_rules")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("retention_rules")
    op.drop_table("spans")
