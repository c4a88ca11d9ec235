"""Session items, and the count that numbers them.

Revision: 0010, after 0009. Made 2026-11-22 00:21:46.338013.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    # first what needs the stronger lock of the two that sessions get
    op.add_column(
        "sessions",
        sa.Column("item_sequence", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.create_table(
        "session_items",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "value", postgresql.JSON(none_as_null=True, astext_type=sa.Text()), nullable=False
        ),
        sa.Column(
            "metadata",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
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
        sa.CheckConstraint("revision > 0", name=op.f("ck_session_items__revision")),
        sa.CheckConstraint("sequence > 0", name=op.f("ck_session_items__sequence")),
        sa.ForeignKeyConstraint(
            ["project_id", "session_id"],
            ["sessions.project_id", "sessions.id"],
            name=op.f("fk_session_items__project_id_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "id", name=op.f("pk_session_items")),
        sa.UniqueConstraint(
            "project_id",
            "session_id",
            "collection",
            "key",
            name=op.f("uq_session_items__project_id_session_id_collection_key"),
        ),
        sa.UniqueConstraint(
            "project_id",
            "session_id",
            "sequence",
            name=op.f("uq_session_items__project_id_session_id_sequence"),
        ),
    )
    op.create_index(
        "ix_session_items__metadata",
        "session_items",
        ["metadata"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"metadata": "jsonb_path_ops"},
    )
    op.create_index(
        op.f("ix_session_items__project_id_collection_key_id"),
        "session_items",
        ["project_id", "collection", "key", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_session_items__project_id_created_at_id"),
        "session_items",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_session_items__project_id_session_id_collection_sequence"),
        "session_items",
        ["project_id", "session_id", "collection", "sequence"],
        unique=False,
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("session_items")
    op.drop_column("sessions", "item_sequence")
