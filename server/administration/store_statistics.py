"""What the store holds: rows and bytes of each noun in each project, and the state of its tables.

PostgreSQL knows the bytes of a table, not of a project's rows in it: they are shared out by rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, func, select, text, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base, Session
from resolvers.identifiers import PREFIXES

COUNT_SECONDS = 5.0
"""How long the rows of a table may take to count; PostgreSQL's estimate stands in for more."""
_CANCELLED = "57014"


@dataclass(frozen=True, slots=True)
class ProjectTable:
    """The rows of a project in a table."""

    project: str
    noun: str
    rows: int
    bytes: int
    """Of the table with its indexes and what is stored apart, shared out by rows."""
    is_estimate: bool
    """Whether the rows were too many to count in time."""


@dataclass(frozen=True, slots=True)
class ProjectSessions:
    """When a project's sessions began."""

    project: str
    oldest_session_at: datetime | None
    newest_session_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as PostgreSQL keeps it."""

    table: str
    bytes: int
    """With its indexes and what is stored apart."""
    index_bytes: int
    dead_rows: int
    """Deleted or replaced, whose room is not free yet."""
    vacuumed_at: datetime | None
    """By PostgreSQL itself or by hand, the later; None for never, or not since a crash."""


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """What the store holds."""

    database_bytes: int
    nouns: list[ProjectTable]
    """Those with rows, by project and noun."""
    projects: list[ProjectSessions]
    tables: list[StoredTable]


async def read_statistics(
    engine: AsyncEngine, projects: dict[str, int], *, count_seconds: float = COUNT_SECONDS
) -> StoreStatistics:
    """Read what some projects hold, given by their names, and the state of all tables.

    A table takes `count_seconds` at most; then its rows are what PostgreSQL thinks they are.
    """
    tables = await _read_tables(engine)
    sizes = {each.table: each.bytes for each in tables}
    names = {project_id: name for name, project_id in projects.items()}
    held: list[ProjectTable] = []
    for table in Base.metadata.sorted_tables:
        if "project_id" not in table.c:
            continue
        counted = await _count(engine, table, count_seconds)
        is_estimate = counted is None
        rows = await _estimate(engine, table) if counted is None else counted
        total = sum(rows.values())
        held += [
            ProjectTable(
                names[project_id],
                _noun(table),
                count,
                round(sizes[table.name] * count / total),
                is_estimate,
            )
            for project_id, count in rows.items()
            if project_id in names and count
        ]
    held.sort(key=lambda each: (each.project, each.noun))
    async with engine.connect() as connection:
        size: int = await connection.scalar(text("SELECT pg_database_size(current_database())"))
    sessions = [
        ProjectSessions(name, *await _read_ages(engine, project_id))
        for name, project_id in projects.items()
    ]
    return StoreStatistics(size, held, sessions, tables)


async def _read_ages(
    engine: AsyncEngine, project_id: int
) -> tuple[datetime | None, datetime | None]:
    began = func.min(Session.started_at), func.max(Session.started_at)
    async with engine.connect() as connection:
        found = await connection.execute(select(*began).where(Session.project_id == project_id))
        oldest, newest = found.one()
    return oldest, newest


def _noun(table: Table) -> str:
    return PREFIXES.get(table, table.name)


async def _count(engine: AsyncEngine, table: Table, seconds: float) -> dict[int, int] | None:
    """Count the rows of each project; None where that takes longer."""
    project = table.c.project_id
    try:
        async with engine.begin() as connection:
            milliseconds = str(max(1, round(seconds * 1000)))
            await connection.execute(
                select(func.set_config("statement_timeout", milliseconds, true()))
            )
            rows = await connection.execute(
                select(project, func.count().label("counted")).group_by(project)
            )
            return {row.project_id: row.counted for row in rows}
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _CANCELLED:
            raise
        return None


_ESTIMATE = text(
    """
    SELECT project, greatest(c.reltuples, 0) * share
    FROM pg_class c
    JOIN pg_stats s ON s.schemaname = current_schema() AND s.tablename = c.relname
        AND s.attname = 'project_id'
    CROSS JOIN unnest(s.most_common_vals::text::integer[], s.most_common_freqs) m(project, share)
    WHERE c.oid = to_regclass(:table)
    """
)


async def _estimate(engine: AsyncEngine, table: Table) -> dict[int, int]:
    """Give what the last ANALYZE thought: projects with few rows may be missing."""
    async with engine.connect() as connection:
        rows = await connection.execute(_ESTIMATE, {"table": table.name})
        return {project_id: round(count) for project_id, count in rows}


_TABLES = text(
    """
    SELECT c.relname, pg_total_relation_size(c.oid), pg_indexes_size(c.oid),
        coalesce(s.n_dead_tup, 0), greatest(s.last_autovacuum, s.last_vacuum)
    FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
    WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) name)
    ORDER BY 2 DESC, 1
    """
)


async def _read_tables(engine: AsyncEngine) -> list[StoredTable]:
    names: Sequence[str] = [table.name for table in Base.metadata.sorted_tables]
    async with engine.connect() as connection:
        rows = await connection.execute(_TABLES, {"tables": names})
        return [StoredTable(*row) for row in rows]
