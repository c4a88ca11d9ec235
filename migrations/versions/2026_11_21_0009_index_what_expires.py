"""Indexes of what expires.

Revision: 0009, after 0008. Made 2026-11-21 20:40:00.000000.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_EXPIRES = "expires_at IS NOT NULL"
_TABLES = {
    "memories": _EXPIRES,
    "module_states": _EXPIRES,
    "sessions": f"{_EXPIRES} AND status IN ('ACTIVE', 'WAITING')",
    "state_snapshots": _EXPIRES,
}


def upgrade() -> None:
    """Apply the revision."""
    for table, condition in _TABLES.items():
        op.create_index(
            op.f(f"ix_{table}__project_id_expires_at"),
            table,
            ["project_id", "expires_at"],
            postgresql_where=sa.text(condition),
        )


def downgrade() -> None:
    """Take the revision back."""
    for table in _TABLES:
        op.drop_index(op.f(f"ix_{table}__project_id_expires_at"), table)
