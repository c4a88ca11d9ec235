"""Indexes of what expires.

Revision: 0009, after 0008. Made 2026-11-21 20:40:00.000000.
"""

from migrations.concurrent_indexes import create_index, drop_index

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
        create_index(
            f"ix_{table}__project_id_expires_at",
            table,
            ["project_id", "expires_at"],
            where=condition,
        )


def downgrade() -> None:
    """Take the revision back."""
    for table in _TABLES:
        drop_index(f"ix_{table}__project_id_expires_at", table)
