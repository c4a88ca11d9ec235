"""`sessiongraph migrate`: bring the database's schema up to date."""

import asyncio

from server.commands import tell
from server.settings import Settings
from server.store import open_store


def migrate() -> None:
    """Bring the database's schema up to date; safe to run at any time, by any number at once."""

    async def run() -> None:
        settings = Settings().model_copy(update={"migrate": True})
        async with open_store(settings, tell):
            tell("The database's schema is up to date.")

    asyncio.run(run())
