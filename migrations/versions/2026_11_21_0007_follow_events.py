"""Positions of events over all sessions, sequences of memories' accesses, expiry of confirmations.

Revision: 0007, after 0006. Made 2026-11-21 17:50:00.000000.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_PROJECT_EVENTS = (
    "event_type IN ('session.created', 'session.updated', 'session.status_changed',"
    " 'confirmation.requested', 'confirmation.decided')"
)
_EXPIRES = "status = 'PENDING' AND expires_at IS NOT NULL"

# in a session by its sequence, across sessions by the time: a later event of a session may have an
# earlier time than the one before, since the time is that of the transaction's beginning
_NUMBER_EVENTS = """
    UPDATE session_events SET root_id = sessions.root_id, position = numbered.position
    FROM sessions, (
        SELECT project_id, id, row_number() OVER (ORDER BY moment, project_id, session_id, sequence)
            AS position
        FROM (
            SELECT project_id, id, session_id, sequence,
                max(created_at) OVER (
                    PARTITION BY project_id, session_id ORDER BY sequence
                ) AS moment
            FROM session_events
        ) AS timed
    ) AS numbered
    WHERE sessions.project_id = session_events.project_id
        AND sessions.id = session_events.session_id
        AND numbered.project_id = session_events.project_id AND numbered.id = session_events.id
"""
_CONTINUE_POSITIONS = """
    SELECT setval('session_event_positions', max(position))
    FROM session_events HAVING max(position) IS NOT NULL
"""
_NUMBER_ACCESSES = """
    UPDATE memory_accesses SET sequence = numbered.sequence
    FROM (
        SELECT project_id, id, row_number() OVER (
            PARTITION BY project_id, memory_id ORDER BY created_at, id
        ) AS sequence
        FROM memory_accesses
    ) AS numbered
    WHERE numbered.project_id = memory_accesses.project_id AND numbered.id = memory_accesses.id
"""


def upgrade() -> None:
    """Apply the revision."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("session_event_positions")))
    op.add_column("session_events", sa.Column("root_id", sa.Uuid(), nullable=True))
    op.add_column("session_events", sa.Column("position", sa.BigInteger(), nullable=True))
    op.execute(_NUMBER_EVENTS)
    op.execute(_CONTINUE_POSITIONS)
    op.alter_column("session_events", "root_id", nullable=False)
    op.alter_column(
        "session_events",
        "position",
        nullable=False,
        server_default=sa.text("nextval('session_event_positions')"),
    )
    op.create_index(
        op.f("ix_session_events__project_id_root_id_position"),
        "session_events",
        ["project_id", "root_id", "position"],
    )
    op.create_index(
        op.f("ix_session_events__project_id_position"),
        "session_events",
        ["project_id", "position"],
        postgresql_where=sa.text(_PROJECT_EVENTS),
    )
    op.add_column("memory_accesses", sa.Column("sequence", sa.Integer(), nullable=True))
    op.execute(_NUMBER_ACCESSES)
    op.alter_column("memory_accesses", "sequence", nullable=False)
    op.create_check_constraint(
        op.f("ck_memory_accesses__sequence"), "memory_accesses", "sequence > 0"
    )
    op.create_unique_constraint(
        op.f("uq_memory_accesses__project_id_memory_id_sequence"),
        "memory_accesses",
        ["project_id", "memory_id", "sequence"],
    )
    op.create_index(
        op.f("ix_confirmations__project_id_expires_at"),
        "confirmations",
        ["project_id", "expires_at"],
        postgresql_where=sa.text(_EXPIRES),
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_index(op.f("ix_confirmations__project_id_expires_at"), "confirmations")
    op.drop_column("memory_accesses", "sequence")
    op.drop_column("session_events", "position")
    op.drop_column("session_events", "root_id")
    op.execute(sa.schema.DropSequence(sa.Sequence("session_event_positions")))
