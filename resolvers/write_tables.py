"""Writes many rows: a statement for those of a table, which the driver runs for each."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Table

from models import Base
from resolvers import record_statements
from resolvers.database_transaction import DatabaseTransaction
from resolvers.kept_rows import KeptRow, column_names


async def write_tables(transaction: DatabaseTransaction, rows: Sequence[KeptRow]) -> None:
    """Insert what is new, those that others refer to before them; then write the changes."""
    for table in Base.metadata.sorted_tables:
        new = [kept for kept in rows if kept.is_new and kept.table is table]
        if new:
            # defaults are filled in, so only columns that are null in all rows are left out
            names = tuple(
                name
                for name in column_names(table)
                if any(kept.values[name] is not None for kept in new)
            )
            statement = record_statements.insert_row(table, names)
            await transaction.run_many(statement, [kept.values for kept in new])
        for kept in new:
            kept.has_been_written()
    for (table, names), changed in _alike(rows).items():
        statement = record_statements.change_row(table, names)
        await transaction.run_many(statement, [kept.values for kept in changed])
        for kept in changed:
            kept.has_been_written()


def _alike(rows: Iterable[KeptRow]) -> dict[tuple[Table, tuple[str, ...]], list[KeptRow]]:
    """Group rows of which the same columns changed."""
    groups: dict[tuple[Table, tuple[str, ...]], list[KeptRow]] = {}
    for kept in rows:
        if kept.changed:
            groups.setdefault((kept.table, tuple(sorted(kept.changed))), []).append(kept)
    return groups
