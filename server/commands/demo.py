"""`sessiongraph demo`: fill a project with sample data."""

import asyncio
from functools import partial
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.context import Context
from server.authentication import DEFAULT_PROJECT_ID
from server.commands import tell
from server.commands.serve import run_server
from server.demo import fill
from server.demo.shown_session import find_shown_session
from server.settings import Settings
from server.store import open_store


def demo(
    sessions: Annotated[int, typer.Option(help="About how many sessions.", min=1)] = 300,
    *,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve it, and name the page of a session in it.")
    ] = False,
) -> None:
    """Fill the default project with a believable history. Running it again adds nothing."""
    if serve:
        run_server(Settings(), partial(_fill_to_show, sessions))
    else:
        asyncio.run(_demo(sessions))


async def _demo(sessions: int) -> None:
    async with open_store(Settings(), tell) as engine:
        await _fill(sessions, engine)


async def _fill_to_show(sessions: int, engine: AsyncEngine) -> str:
    """Fill the store; give the path of the page to look at."""
    await _fill(sessions, engine)
    shown = await find_shown_session(engine, DEFAULT_PROJECT_ID)
    return "" if shown is None else f"/sessions/{quote(shown, safe='')}"


async def _fill(sessions: int, engine: AsyncEngine) -> None:
    columns = (TextColumn("Recording sample sessions"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("demo", total=None)
        summary = await fill(
            Context(engine, DEFAULT_PROJECT_ID),
            sessions,
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    typer.echo(str(summary))
