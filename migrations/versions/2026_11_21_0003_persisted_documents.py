"""Persisted documents, by the hash of their text.

Revision: 0003, after 0002. Made 2026-11-21 07:42:34.930962.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table(
        "persisted_documents",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("octet_length(hash) = 32", name=op.f("ck_persisted_documents__hash")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_persisted_documents")),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table("persisted_documents")
