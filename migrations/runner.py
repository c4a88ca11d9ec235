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
_POLL_SECONDS = 0.2
_LOCK_TIMEOUT = "5s"
"""How long a statement waits for those who use its table, and makes others wait behind it."""
_ATTEMPTS = 5
_PAUSE_SECONDS = 2.0
_IN_USE = {"55P03", "40P01"}
"""The SQLSTATEs of a lock that was not to be had in time, and of a deadlock."""


class UnknownRevisionError(Exception):
    """The database was migrated by a newer release: which it is, where the database says so."""

    def __init__(self, revision: str, release: str | None) -> None:
        super().__init__(revision)
        self.revision = revision
        self.release = release


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


def known_revisions() -> list[str]:
    """Give the revisions that this release knows, the oldest first."""
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    return [script.revision for script in scripts][::-1]


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
    if current is not None and current not in known_revisions():
        # as `env.py` writes it
        release = await connection.scalar(
            text("SELECT obj_description('alembic_version'::regclass, 'pg_class')")
        )
        raise UnknownRevisionError(current, release)
    return current == latest_revision()


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring a database up to a revision, each revision in a transaction of its own.

    Others that migrate at the same time wait, and then find nothing to do. Where a table is in use
    it lets its users go on and tries again. What was broken off is taken up where it was when this
    is called again. The engine must reach the database itself, not a pooler in transaction mode.
    Raises `UnknownRevisionError` for a database that a newer release has migrated, and `DBAPIError`
    if it could not be done; the revisions before the one that failed are kept.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with alone(engine) as connection:
                await is_current(connection)
                await connection.rollback()  # Alembic begins and ends its own
                await connection.run_sync(
                    lambda plain: command.upgrade(configuration(plain), revision)
                )
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state not in _IN_USE or attempt == _ATTEMPTS:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take a database back to a revision, or to `base`, each in a transaction of its own."""
    async with alone(engine) as connection:
        await connection.run_sync(lambda plain: command.downgrade(configuration(plain), revision))


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Give a connection that alone may change the schema; others wait for it.

    The lock is the session's, not a transaction's: a revision ends its transaction to build an
    index concurrently. If the process is killed meanwhile, PostgreSQL goes on to the end of the
    statement, and only then lets the next one in. Who waits asks again and again rather than in one
    statement, whose snapshot the building of the index would wait for in turn.
    """
    async with engine.connect() as connection:
        try:
            # the wait for others, and the work, may take longer than a request's statement
            await connection.execute(text("SET statement_timeout = 0"))
            await connection.execute(text(f"SET lock_timeout = '{_LOCK_TIMEOUT}'"))
            await connection.commit()
            asked = text("SELECT pg_try_advisory_lock(:key)")
            while not await connection.scalar(asked, {"key": _LOCK}):
                await connection.rollback()
                await asyncio.sleep(_POLL_SECONDS)
            await connection.rollback()
            yield connection
        finally:
            await connection.invalidate()  # and with it the lock and the settings


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
