"""`sessiongraph restore`: a backup into an empty database, or in place of what is there."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from migrations import runner
from server.backups import count_relations, read_revision, restore_backup
from server.client_programs import open_client_programs
from server.commands import tell
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import migrate, open_database, past_pooler


def restore(
    file: Annotated[
        Path,
        typer.Argument(help="What `backup` wrote.", exists=True, dir_okay=False, readable=True),
    ],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Drop what the database has.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Restore a backup into an empty database, all of it or nothing. Stop the servers first."""
    asyncio.run(_restore(Settings(), file, replace=replace, yes=yes))


async def _restore(settings: Settings, file: Path, *, replace: bool, yes: bool) -> None:
    async with (
        open_database(settings, tell, alone=True) as engine,
        past_pooler(settings, engine) as direct,
    ):
        programs = await open_client_programs(settings, direct)
        try:
            revision = await read_revision(programs, file)
        except OperatorError as error:
            raise OperatorError(f"{file} cannot be restored. {error}") from error
        if revision not in runner.known_revisions():
            raise OperatorError(
                f"{file} has the schema {revision}, which a newer release made. "
                "Restore it with that release."
            )
        if replace and not yes:
            async with direct.connect() as connection:
                there = await count_relations(connection)
            if there:
                _ask(f"This deletes everything in the database {direct.url.database}. Go on?")
        try:
            await restore_backup(programs, direct, file, replace=replace)
        except OperatorError as error:
            raise OperatorError(f"Nothing was restored. {error}") from error
        tell(f"{file} is restored, with the schema {revision}.")
        if revision != runner.latest_revision():
            if not settings.migrate:
                tell("It is older than this release needs. Run `sessiongraph migrate`.")
                return
            await migrate(settings, engine)
            tell(f"The schema was brought up to {runner.latest_revision()}.")


def _ask(question: str) -> None:
    if not typer.confirm(question, err=True):
        raise OperatorError("Nothing was restored.")
