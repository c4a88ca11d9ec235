"""index sessions by agent and start.

Revision: 0004, after 0003. Made 2026-11-21 07:52:10.431912.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_index(
        op.f("ix_sessions__project_id_agent_id_started_at"),
        "sessions",
        ["project_id", "agent_id", "started_at"],
        unique=False,
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_index(op.f("ix_sessions__project_id_agent_id_started_at"), table_name="sessions")
