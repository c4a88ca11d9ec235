"""`sessiongraph demo`: fill a project with sample data."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from resolvers.context import Context
from server.authentication import DEFAULT_PROJECT_ID
from server.commands import tell
from server.demo import fill
from server.settings import Settings
from server.store import open_store


def demo(
    sessions: Annotated[int, typer.Option(help="About how many sessions.", min=1)] = 300,
) -> None:
    """Fill the default project with a believable history. Running it again adds nothing."""
    asyncio.run(_demo(sessions))


async def _demo(sessions: int) -> None:
    columns = (TextColumn("Recording sample sessions"), BarColumn(), MofNCompleteColumn())
    async with open_store(Settings(), tell) as engine:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("demo", total=None)
            summary = await fill(
                Context(engine, DEFAULT_PROJECT_ID),
                sessions,
                on_progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
    typer.echo(str(summary))
