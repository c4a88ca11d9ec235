"""`sessiongraph migrate`: bring the database's schema up to date."""

import asyncio
from typing import Annotated

import typer

from migrations import runner
from server.commands import tell
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_database, open_store, refuse_newer


def migrate(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if there is something to do.")
    ] = False,
) -> None:
    """Bring the database's schema up to date; safe to run at any time, by any number at once."""
    asyncio.run(_check() if check else _migrate())


async def _migrate() -> None:
    settings = Settings().model_copy(update={"migrate": True})
    async with open_store(settings, tell):
        tell("The database's schema is up to date.")


async def _check() -> None:
    async with open_database(Settings(), tell) as engine, engine.connect() as connection:
        needed = runner.latest_revision()
        try:
            is_current = await runner.is_current(connection)
        except runner.UnknownRevisionError as error:
            raise refuse_newer(error) from error
        if not is_current:
            found = await runner.current_revision(connection) or "none"
            raise OperatorError(
                f"The database's schema is at revision {found}, and this release needs {needed}. "
                "Run `sessiongraph migrate`."
            )
        typer.echo(f"The database's schema is at revision {needed}, as this release needs.")
