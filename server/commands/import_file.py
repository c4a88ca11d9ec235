"""`sessiongraph import`: take in sessions from a file."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from exchange.formats.table import FORMATS, Format, recognise
from exchange.json_lines import STANDARD_INPUT, Line, UnreadableFileError, read_lines
from resolvers.context import Context
from resolvers.errors import Invalid
from server.administration.projects import find_project
from server.commands import tell
from server.commands.administer import refusals_told
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

_FORMATS = "; ".join(f"{each.name}: {each.about}" for each in FORMATS.values())


def import_file(
    file: Annotated[
        Path, typer.Argument(help="JSON Lines, also as .gz; - reads the standard input.")
    ],
    project: Annotated[str, typer.Option(help="The project to import into.")] = "default",
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help=f"What the lines are; told by the first if left out. {_FORMATS}."
        ),
    ] = None,
) -> None:
    """Take in sessions with their messages and tool calls from JSON Lines.

    A session is taken in whole or not at all. Running it again adds nothing, and goes on where it
    was broken off.
    """
    if form is not None and form not in FORMATS:
        raise OperatorError(f"There is no format {form}. Give one of {', '.join(FORMATS)}.")
    is_piped = file == STANDARD_INPUT
    if not is_piped and not file.is_file():
        raise OperatorError(f"There is no file {file}.")
    size = None if is_piped else file.stat().st_size
    try:
        told, lines = _open(file, form)
        refused = asyncio.run(_import(told, lines, size, project))
    except UnreadableFileError as error:
        raise OperatorError(f"Cannot read {file}: {error}") from error
    if refused:
        raise typer.Exit(1)


def _open(file: Path, form: str | None) -> tuple[Format, Iterable[Line]]:
    lines = read_lines(file)
    if form is not None:
        return FORMATS[form], lines
    try:
        return recognise(lines)
    except Invalid as error:
        raise OperatorError(f"--format: {error.message}") from error


async def _import(form: Format, lines: Iterable[Line], size: int | None, project: str) -> int:
    sessions = messages = tool_calls = present = refused = 0
    console = Console(stderr=True)
    columns = (TextColumn("Importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    async with open_store(Settings(), tell) as engine:
        with refusals_told():
            async with engine.connect() as connection:
                project_id = await find_project(connection, project)
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("import", total=size)
            async for line in form.take(Context(engine, project_id), lines):
                progress.update(task, completed=line.end)
                sessions += line.is_new
                messages += line.messages
                tool_calls += line.tool_calls
                present += not line.is_new and line.refusal is None
                if line.refusal is not None:
                    refused += 1
                    console.print(f"line {line.number}: {line.refusal}", markup=False)
    typer.echo(
        f"{sessions} sessions, {messages} messages and {tool_calls} tool calls imported; "
        f"{present} sessions were there already; {refused} lines refused."
    )
    return refused
