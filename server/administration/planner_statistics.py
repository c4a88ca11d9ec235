"""The frequent values of columns that PostgreSQL's planner keeps, which may name a person."""

import re

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.administration.person_columns import searched_tables
from server.administration.person_search import NO_TIMEOUT

_KEPT = text(
    """
    SELECT tablename, attname, kept
    FROM pg_stats, unnest(
        coalesce(most_common_vals::text::text[], '{}')
        || coalesce(histogram_bounds::text::text[], '{}')
        || coalesce(most_common_elems::text::text[], '{}')
    ) kept
    WHERE schemaname = current_schema() AND tablename = ANY(CAST(:tables AS text[]))
        AND strpos(kept, :searched) > 0
    """
)


async def forget_frequent_values(
    engine: AsyncEngine, searched: str, word: re.Pattern[str]
) -> list[str]:
    """Let PostgreSQL sample anew the tables in whose statistics a word stands.

    Gives the columns, as `table.column`, in whose statistics it stands after that: other projects
    hold it, the table is another role's, or it is empty, and so has nothing to sample.
    """
    found = await _columns(engine, searched, word)
    async with engine.begin() as connection:
        await connection.execute(NO_TIMEOUT)
        for table in sorted({each.partition(".")[0] for each in found}):
            await connection.execute(text(f"ANALYZE {table}"))
    return await _columns(engine, searched, word) if found else []


async def _columns(engine: AsyncEngine, searched: str, word: re.Pattern[str]) -> list[str]:
    names = [table.name for table in searched_tables()]
    async with engine.connect() as connection:
        rows = await connection.execute(_KEPT, {"tables": names, "searched": searched})
        return sorted({f"{row.tablename}.{row.attname}" for row in rows if word.search(row.kept)})
