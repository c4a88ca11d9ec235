"""Expiry and last use of API keys; names of projects, and when their deletion began.

Revision: 0006, after 0005. Made 2026-11-21 14:33:46.484748.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_IS_NAME = "length(name) BETWEEN 1 AND 100 AND name = btrim(name) AND name !~ '[[:cntrl:]]'"


def upgrade() -> None:
    """Apply the revision."""
    op.add_column("api_keys", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("api_keys", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("projects", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    # a name that was allowed until now and no longer is
    op.execute(f"UPDATE projects SET name = 'project-' || id WHERE NOT ({_IS_NAME})")  # noqa: S608
    op.create_check_constraint(op.f("ck_projects__name"), "projects", _IS_NAME)


def downgrade() -> None:
    """Take the revision back."""
    op.drop_constraint(op.f("ck_projects__name"), "projects")
    op.drop_column("projects", "deleted_at")
    op.drop_column("api_keys", "last_used_at")
    op.drop_column("api_keys", "expires_at")
