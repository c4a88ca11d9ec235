"""What a store holds, whatever its schema: read from its catalogue, not from the models."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_COLUMNS = text("""
    SELECT relname AS table, relfilenode AS file,
        array_agg(quote_ident(attname) ORDER BY attname) AS columns
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    GROUP BY relname, relfilenode ORDER BY relname
""")


@dataclass(frozen=True)
class Contents:
    """The tables with their columns, the rows as text, and the files that they are in."""

    columns: dict[str, list[str]]
    rows: dict[str, frozenset[str]]
    files: dict[str, int]
    """A table that was rewritten is in another."""


async def read_contents(engine: AsyncEngine, like: Contents | None = None) -> Contents:
    """Read a store; `like` names the tables and columns that are read, which must be there."""
    async with engine.connect() as connection:
        found = (await connection.execute(_COLUMNS)).all()
        columns: dict[str, list[str]] = {row.table: row.columns for row in found}
        files = {row.table: row.file for row in found}
        if like is not None:
            columns, files = like.columns, {table: files[table] for table in like.columns}
        rows: dict[str, frozenset[str]] = {}
        for table, names in columns.items():
            values = f"SELECT ROW({', '.join(names)})::text FROM {table}"
            rows[table] = frozenset(await connection.scalars(text(values)))
        return Contents(columns, rows, files)
