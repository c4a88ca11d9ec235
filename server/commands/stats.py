"""`sessiongraph stats`: what the store holds."""

import asyncio
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

import orjson
import typer
from rich.filesize import decimal

from server.administration.projects import choose_projects
from server.administration.store_statistics import (
    ProjectSessions,
    ProjectTable,
    StoredTable,
    StoreStatistics,
    read_statistics,
)
from server.commands import tell
from server.commands.administer import refusals_told
from server.commands.listing import print_list
from server.settings import Settings
from server.store import open_store


def stats(
    *,
    project: Annotated[str | None, typer.Option(help="Only this project.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the rows and the size of each noun in each project, and the state of the tables.

    The size of a table, with its indexes, is shared out among the projects by their rows. A `~`
    marks an estimate, where there were too many rows to count. Times are UTC.
    """
    with refusals_told():
        statistics = asyncio.run(_read(project))
    if as_json:
        options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
        typer.echo(orjson.dumps(asdict(statistics), option=options).decode())
    else:
        _print(statistics)


async def _read(project: str | None) -> StoreStatistics:
    async with open_store(Settings(), tell) as engine:
        async with engine.connect() as connection:
            projects = await choose_projects(connection, project)
        return await read_statistics(engine, projects)


@dataclass(frozen=True, slots=True)
class _Noun:
    """A line of the first list."""

    project: str
    noun: str
    rows: str
    size: str


@dataclass(frozen=True, slots=True)
class _Table:
    """A line of the last list."""

    table: str
    size: str
    indexes: str
    dead_rows: str
    vacuumed_at: datetime | None


def _print(statistics: StoreStatistics) -> None:
    lines: list[_Noun] = []
    for sessions in statistics.projects:
        of_project = [each for each in statistics.nouns if each.project == sessions.project]
        lines += [_noun(each) for each in of_project]
        if of_project:
            lines.append(_noun(_total(sessions.project, of_project)))
    print_list(_Noun, lines, as_json=False)
    typer.echo()
    print_list(ProjectSessions, statistics.projects, as_json=False)
    typer.echo()
    print_list(_Table, [_table(each) for each in statistics.tables], as_json=False)
    typer.echo()
    typer.echo(f"The database takes {decimal(statistics.database_bytes)}.")


def _noun(each: ProjectTable) -> _Noun:
    mark = "~" if each.is_estimate else ""
    return _Noun(each.project, each.noun, f"{mark}{each.rows:,}", f"{mark}{decimal(each.bytes)}")


def _total(project: str, nouns: list[ProjectTable]) -> ProjectTable:
    return ProjectTable(
        project,
        "total",
        rows=sum(each.rows for each in nouns),
        bytes=sum(each.bytes for each in nouns),
        is_estimate=any(each.is_estimate for each in nouns),
    )


def _table(each: StoredTable) -> _Table:
    sizes = decimal(each.bytes), decimal(each.index_bytes)
    return _Table(each.table, *sizes, f"{each.dead_rows:,}", each.vacuumed_at)
