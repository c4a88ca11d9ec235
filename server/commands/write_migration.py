"""`sessiongraph write-migration`: for developers, a revision for what changed in the models."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import create_async_engine

from migrations import runner
from server.commands import tell
from server.settings import Settings
from server.store import open_store


def write_migration(
    message: Annotated[str, typer.Argument(help="What it does, in a few words.")],
) -> None:
    """Write the migration that brings the last revision to the models. Read it before use."""
    with tempfile.TemporaryDirectory() as folder:
        store = {"database_url": None, "data_directory": Path(folder), "migrate": True}
        asyncio.run(_write(Settings().model_copy(update=store), message))


async def _write(settings: Settings, message: str) -> None:
    async with open_store(settings, tell) as migrated:
        # no reader of our own: Alembic reflects identity columns from JSON as Python values
        engine = create_async_engine(migrated.url)
        async with engine.begin() as connection:
            await runner.write_revision(connection, message)
        await engine.dispose()
