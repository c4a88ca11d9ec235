"""Applies migrations to a database; safe for any number of servers that start at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_LOCK = 7_365_737_369
"""The key of the advisory lock that one migrating process holds; any number of our own."""
_LOCK_TIMEOUT = "5s"
"""How long a statement waits for those who use its table, and makes others wait behind it."""
_ATTEMPTS = 5
_PAUSE_SECONDS = 2.0
_LOCK_NOT_AVAILABLE = "55P03"


class UnknownRevisionError(Exception):
    """The database was migrated by a newer release."""


def configuration(connection: Connection | None = None) -> Config:
    """Make Alembic's configuration; its commands run on the connection."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(rev)s_%%(slug)s")
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def latest_revision() -> str | None:
    """Give the revision that this release needs."""
    return ScriptDirectory.from_config(configuration()).get_current_head()


async def current_revision(connection: AsyncConnection) -> str | None:
    """Give the revision that a database is at; None for an empty one."""
    return await connection.run_sync(
        lambda plain: MigrationContext.configure(plain).get_current_revision()
    )


async def is_current(connection: AsyncConnection) -> bool:
    """Whether a database is at the revision that this release needs.

    Raises `UnknownRevisionError` for a database that a newer release has migrated.
    """
    current = await current_revision(connection)
    known = {
        script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()
    }
    if current is not None and current not in known:
        raise UnknownRevisionError(current)
    return current == latest_revision()


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring a database up to a revision, in one transaction.

    Others that migrate at the same time wait, and then find nothing to do. Where a table is in use
    it lets its users go on and tries again. Raises `UnknownRevisionError` for a database that a
    newer release has migrated, and `DBAPIError` if it could not be done.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with _migrating(engine) as connection:
                await is_current(connection)
                await connection.run_sync(
                    lambda plain: command.upgrade(configuration(plain), revision)
                )
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state != _LOCK_NOT_AVAILABLE or attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take a database back to a revision, or to `base`, in one transaction."""
    async with _migrating(engine) as connection:
        await connection.run_sync(lambda plain: command.downgrade(configuration(plain), revision))


@asynccontextmanager
async def _migrating(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.begin() as connection:
        # the wait for another's migration, and ours, may take longer than a request's statement
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
        yield connection


async def check(connection: AsyncConnection) -> None:
    """Raise Alembic's `CommandError` unless a database matches the models.

    The connection must read JSON as Python values, for the reflection of identity columns.
    """
    await connection.run_sync(lambda plain: command.check(configuration(plain)))


async def write_revision(connection: AsyncConnection, message: str) -> None:
    """Write the revision that brings a database to the models, numbered after the last one."""
    number = f"{int(latest_revision() or 0) + 1:04}"
    await connection.run_sync(
        lambda plain: command.revision(
            configuration(plain), message, autogenerate=True, rev_id=number
        )
    )
