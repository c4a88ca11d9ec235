"""Indexes on tables that may be large, built and dropped while others write to them.

Both functions are for revisions. They end the revision's transaction and begin another after it,
so what a revision did before them is kept if they fail. They may be run again: an index that is
there and whole is left, and one that was broken off is built anew.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import PendingRollbackError

_IS_BROKEN = sa.text("SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)")


def create_index(
    name: str,
    table: str,
    columns: Sequence[str | sa.TextClause],
    *,
    where: str | None = None,
    unique: bool = False,
) -> None:
    """Build an index. It waits for every transaction that began before, and blocks none."""
    with _outside_transactions():
        if op.get_bind().scalar(_IS_BROKEN, {"name": name}):
            op.drop_index(name, table, postgresql_concurrently=True)
        op.create_index(
            op.f(name),
            table,
            columns,
            unique=unique,
            if_not_exists=True,
            postgresql_concurrently=True,
            postgresql_where=None if where is None else sa.text(where),
        )


def drop_index(name: str, table: str) -> None:
    """Drop an index. It waits for those who use its table, and blocks none."""
    with _outside_transactions():
        op.drop_index(op.f(name), table, if_exists=True, postgresql_concurrently=True)


@contextmanager
def _outside_transactions() -> Iterator[None]:
    """Wait as long as it takes: nobody waits behind the locks that these statements ask for."""
    try:
        with op.get_context().autocommit_block():
            before = op.get_bind().scalar(sa.text("SELECT current_setting('lock_timeout')"))
            op.execute("SET lock_timeout = 0")
            yield
            op.execute(f"SET lock_timeout = '{before}'")
    except PendingRollbackError as error:
        # the block cannot be left in good order once the connection is lost, which is the reason
        raise (error.__context__ or error) from None
