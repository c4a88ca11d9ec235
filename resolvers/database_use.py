"""What an operation takes of the database, counted where it is taken.

Whoever runs an operation sets a `DatabaseUse` for its task. The places that send statements, wait
for connections and load batches find it there, so that nobody has to pass it on.
"""

from collections.abc import Sequence
from contextvars import ContextVar

MOST_BATCHES = 1_000
"""Whose sizes are kept."""


class DatabaseUse:
    """What was taken until now.

    There is one for each request, so it is plain: its attributes are the class's until they are
    set, and making it costs nothing.
    """

    statements: int = 0
    """Statements that were sent, but for those that begin and end transactions."""
    rows: int = 0
    """Rows that plans and recordings were given; loaders do not count theirs."""
    waited: float = 0
    """Seconds until a connection was free, of all that were waited for."""
    batches: Sequence[int] = ()
    """How many keys each batch of a loader had; of the first ones, since a subscription goes on."""


database_use: ContextVar[DatabaseUse | None] = ContextVar("database_use", default=None)
"""Of the operation under way; None outside of operations."""


def count_statement(*_: object) -> None:
    """Count a statement that SQLAlchemy runs; for its event `before_cursor_execute`."""
    use = database_use.get()
    if use is not None:
        use.statements += 1
