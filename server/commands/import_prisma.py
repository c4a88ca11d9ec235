"""`sessiongraph import-prisma`: take over a live database of either predecessor."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from exchange.prisma.convert import CARRIED
from exchange.prisma.errors import SourceError
from exchange.prisma.import_source import Report, Told, import_source
from exchange.prisma.names import Names, read_names
from exchange.prisma.survey import Survey
from resolvers.context import Context
from resolvers.database_transaction import ConnectionLostError
from server.administration.projects import find_project
from server.commands import tell
from server.commands.administer import refusals_told
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

_Url = Annotated[
    str, typer.Argument(help="The database, as Prisma spells it: postgresql://, mysql:// or file:.")
]
_Mapping = Annotated[
    Path | None, typer.Option(help="JSON or TOML: tables and columns of @@map and @map, by model.")
]


def import_prisma(
    url: _Url,
    project: Annotated[str, typer.Option(help="The project to import into.")] = "default",
    mapping: _Mapping = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
) -> None:
    """Take over a live database of the storage adapter, the enhanced schema, or both.

    The source is only read. Running it again adds what is not there yet, and goes on where it was
    broken off. It ends with a comparison of all rows; the exit code is 1 if one was refused or
    differs.
    """
    try:
        names = Names() if mapping is None else read_names(mapping)
        done = asyncio.run(_import(url, names, project, dry_run=dry_run))
    except SourceError as error:
        raise OperatorError(str(error)) from error
    except ConnectionLostError as error:
        raise OperatorError(
            "The connection to the database was lost. Run it again; it goes on."
        ) from error
    _print(done, dry_run=dry_run)
    if not done.is_whole:
        raise typer.Exit(1)


async def _import(url: str, names: Names, project: str, *, dry_run: bool) -> Report:
    with _Watcher() as watcher:
        if dry_run:
            return await import_source(None, url, names, watcher)
        async with open_store(Settings(), tell) as engine:
            with refusals_told():
                async with engine.connect() as connection:
                    project_id = await find_project(connection, project)
            return await import_source(Context(engine, project_id), url, names, watcher)


class _Watcher:
    """Shows a bar for each stage, on the standard error."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description:8}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def found(self, survey: Survey) -> None:
        """Tell what is in the source and what becomes of it."""
        _describe(survey)

    def begin(self, stage: str, rows: int) -> Callable[[int], None]:
        """Begin a bar."""
        self._progress.start()
        task = self._progress.add_task(stage, total=rows)
        return lambda more: self._progress.advance(task, more)


def _describe(found: Survey) -> None:
    """Say what is in the source and what will become of it."""
    tell(f"The source has tables of the {' and the '.join(each.value for each in found.schemas)}:")
    for table in found.tables:
        if table.source.model not in CARRIED:
            tell(f"  {table.name}: {table.rows:,} rows, not carried; their ids stay as userId")
            continue
        tell(f"  {table.name}: {table.rows:,} rows")
        if table.unknown and table.source.takes_unknown:
            tell(f"    kept in metadata: {', '.join(table.unknown)}")
        elif table.unknown:
            tell(f"    not carried, having no place: {', '.join(table.unknown)}")
    if found.left_alone:
        tell(f"  left alone: {', '.join(found.left_alone)}")


def _print(done: Report, *, dry_run: bool) -> None:
    for name, all_told in (
        ("refused", done.refusals),
        ("noted", done.notes),
        ("differs", done.differences),
    ):
        for told in all_told:
            typer.echo(f"{name}: {_line(told)}")
    for table in done.tables:
        became = (
            f"{table.written:,} written, {table.already:,} there already, {table.alike:,} alike"
        )
        if dry_run:
            became = f"{table.read - table.refused:,} would be carried over"
        typer.echo(f"{table.model}: {table.read:,} read, {became}, {table.refused:,} refused")
    if dry_run:
        typer.echo("Nothing was written.")
        return
    if done.source_digest == done.store_digest:
        typer.echo(f"The source and the store agree: {done.source_digest}")
    else:
        typer.echo(f"The source and the store differ: {done.source_digest} {done.store_digest}")


def _line(told: Told) -> str:
    shown = ", ".join(told.ids) + (" …" if told.count > len(told.ids) else "")
    return f"{told.model}: {told.text} ({told.count:,}: {shown})"
