"""${message}.

Revision: ${up_revision}, after ${down_revision or "none"}. Made ${create_date}.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}

# What runs while servers write (docs/guides/upgrades-and-backups.md, tests/migrations):
# - an index of a table that is there: migrations.concurrent_indexes, not op.create_index;
# - a new column: nullable, or with a constant default;
# - a constraint: NOT VALID (postgresql_not_valid=True), and VALIDATE CONSTRAINT in the next revision;
# - nothing that the release before this one reads or writes is dropped, renamed or retyped.


def upgrade() -> None:
    """Apply the revision."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Take the revision back."""
    ${downgrades if downgrades else "pass"}
