"""count agents' revisions.

Revision: 0005, after 0004. Made 2026-11-21 08:25:44.234152.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.add_column(
        "agents", sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False)
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_column("agents", "revision")
