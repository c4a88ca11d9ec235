"""`sessiongraph backup`: the whole store into a file."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server.backups import write_backup
from server.client_programs import open_client_programs
from server.commands import tell
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_database, past_pooler


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", dir_okay=False)],
    *,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Back up the whole store, as it is at one moment. Servers may run meanwhile."""
    if file.exists() and not overwrite:
        raise OperatorError(f"{file} is there already. Give --overwrite to replace it.")
    revision = asyncio.run(_back_up(Settings(), file))
    typer.echo(f"{file}: {file.stat().st_size:,} bytes, with the schema {revision}")


async def _back_up(settings: Settings, file: Path) -> str:
    async with open_database(settings, tell) as engine, past_pooler(settings, engine) as direct:
        return await write_backup(await open_client_programs(settings, direct), file)
