"""Names of memories.

Revision: 0011, after 0010. Made 2026-11-22 00:25:00.000000.
"""

import sqlalchemy as sa
from alembic import op

from migrations.concurrent_indexes import create_index

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_NAMES = "uq_memories__project_id_memory_id"


def upgrade() -> None:
    """Apply the revision."""
    # kept where the index is broken off, and so there when it is built again
    op.add_column("memories", sa.Column("memory_id", sa.Text(), nullable=True), if_not_exists=True)
    op.add_column(
        "memories", sa.Column("input_hash", sa.LargeBinary(), nullable=True), if_not_exists=True
    )
    create_index(_NAMES, "memories", ["project_id", "memory_id"], unique=True)
    op.execute(f"ALTER TABLE memories ADD CONSTRAINT {_NAMES} UNIQUE USING INDEX {_NAMES}")


def downgrade() -> None:
    """Take the revision back."""
    op.drop_constraint(_NAMES, "memories")
    op.drop_column("memories", "input_hash")
    op.drop_column("memories", "memory_id")
