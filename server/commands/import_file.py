"""`sessiongraph import`: take in chat transcripts."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from exchange.transcripts import import_transcripts
from resolvers.context import Context
from server.administration.projects import find_project
from server.commands import tell
from server.commands.administer import refusals_told
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store


def import_file(
    file: Annotated[Path, typer.Argument(help="JSON Lines, one session a line.")],
    project: Annotated[str, typer.Option(help="The project to import into.")] = "default",
) -> None:
    """Take in chat transcripts: sessions with messages and tool calls as JSON Lines.

    A session is taken in whole or not at all. Running it again adds nothing, and goes on where it
    was broken off.
    """
    if not file.is_file():
        raise OperatorError(f"There is no file {file}.")
    refused = asyncio.run(_import(file, file.stat().st_size, project))
    if refused:
        raise typer.Exit(1)


async def _import(file: Path, size: int, project: str) -> int:
    sessions = messages = tool_calls = present = refused = 0
    console = Console(stderr=True)
    columns = (TextColumn("Importing"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    async with open_store(Settings(), tell) as engine:
        with refusals_told():
            async with engine.connect() as connection:
                project_id = await find_project(connection, project)
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("import", total=size)
            async for line in import_transcripts(Context(engine, project_id), file):
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
