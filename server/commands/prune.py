"""`sessiongraph prune`: delete what is old."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from models import SessionStatus
from resolvers.context import Context
from resolvers.duty import Duty
from resolvers.session import ENDED
from server.administration.projects import find_project
from server.administration.pruning import KeepFor, Prunable, Pruned, count_prunable
from server.administration.pruning import prune as prune_project
from server.commands import tell
from server.commands.administer import refusals_told
from server.commands.durations import read_duration
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store

_DUTY = 1 / 3
"""The share of the time that it works, so that writers have the rest."""
_INTERRUPTED = 130
"""What shells take for the end by Ctrl-C."""


def prune(
    older_than: Annotated[
        timedelta,
        typer.Option(
            parser=read_duration, metavar="TIME", help="How long nothing happened, such as 90d."
        ),
    ],
    project: Annotated[str, typer.Option(help="The project to prune.")] = "default",
    status: Annotated[
        list[SessionStatus] | None,
        typer.Option(help="Of the root; may be repeated. All four ends if left out."),
    ] = None,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would go, and delete nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete trees of sessions in which nothing happened for a time, with all recorded in them.

    A tree goes whole or not at all: by the status of its root, and not while a session in it is
    ACTIVE or WAITING, unless that status is named too. Memories stay. It may be interrupted, and
    goes on when it is run again.
    """
    pruning = _Pruning(project, dict.fromkeys(status or sorted(ENDED), older_than))
    try:
        with refusals_told():
            asyncio.run(pruning.run(dry_run=dry_run, asks=not yes))
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Deleted: {_write(pruning.pruned)}. Run it again to go on.")
        raise typer.Exit(_INTERRUPTED) from None


class _Pruning:
    """One run of the command."""

    def __init__(self, project: str, keep_for: KeepFor) -> None:
        self.pruned = Pruned()
        self._project = project
        self._keep_for = keep_for

    async def run(self, *, dry_run: bool, asks: bool) -> None:
        """Tell what is there, ask, and delete it."""
        async with open_store(Settings(), tell) as engine:
            async with engine.connect() as connection:
                project_id = await find_project(connection, self._project)
            context = Context(engine, project_id)
            found = await count_prunable(context, self._keep_for)
            if dry_run:
                typer.echo(f"Would be deleted: {_write(found)}{_write_times(found)}.")
                return
            if asks and found.trees:
                tell(f"To be deleted in {self._project}: {_write(found)}{_write_times(found)}.")
                if not typer.confirm("Delete it for good?", err=True):
                    raise OperatorError("Nothing was deleted.")
            await self._delete(context, found)
        typer.echo(f"Deleted: {_write(self.pruned)}.")

    async def _delete(self, context: Context, found: Prunable) -> None:
        columns = (TextColumn("Pruning"), BarColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task("prune", total=found.sessions)
            batches = prune_project(context, self._keep_for, duty=Duty(_DUTY), in_turn=True)
            async for pruned in batches:
                self.pruned += pruned
                progress.update(task, completed=self.pruned.sessions)


def _write(counted: Prunable | Pruned) -> str:
    return (
        f"{counted.trees:,} trees of {counted.sessions:,} sessions with {counted.messages:,} "
        "messages"
    )


def _write_times(found: Prunable) -> str:
    if found.oldest is None or found.newest is None:
        return ""
    return f", last active {_write_day(found.oldest)} to {_write_day(found.newest)}"


def _write_day(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
