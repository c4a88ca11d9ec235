"""The store of a command: the embedded PostgreSQL or that of DATABASE_URL, migrated and checked."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from migrations import runner
from server.database import (
    check_server,
    create_engine,
    read_url,
    reason,
    settings_left_to_the_role,
)
from server.operator_error import OperatorError
from server.settings import Settings

if sys.platform != "win32":  # which has neither its locks nor its accounts
    from server.embedded_postgres import embedded_postgres, exclusive

Tell = Callable[[str], None]


@asynccontextmanager
async def open_store(
    settings: Settings, tell: Tell, *, alone: bool = False
) -> AsyncIterator[AsyncEngine]:
    """Open the store and give its engine; `tell` hears what takes a moment.

    `alone` is for a server: there is one to an embedded store, which commands may use beside it.
    Raises `OperatorError` with one line that names the fix.
    """
    with ExitStack() as stack:
        if settings.database_url is None:
            url = _embedded(settings, tell, stack, alone=alone)
        else:
            url = read_url(settings.database_url)
        engine = create_engine(settings, url)
        try:
            await check_server(engine)
            if settings.transaction_pooling:
                for statement in await settings_left_to_the_role(settings, engine):
                    tell(f"Not set behind a pooler; run {statement}")
            await _migrate(settings, engine, tell)
            yield engine
        finally:
            await engine.dispose()


def _embedded(settings: Settings, tell: Tell, stack: ExitStack, *, alone: bool) -> URL:
    if sys.platform == "win32":
        raise OperatorError("There is no embedded PostgreSQL for Windows; set DATABASE_URL.")
    if alone:
        stack.enter_context(exclusive(settings.data_directory))
    tell(f"Starting PostgreSQL in {settings.data_directory}")
    return stack.enter_context(embedded_postgres(settings.data_directory))


async def _migrate(settings: Settings, engine: AsyncEngine, tell: Tell) -> None:
    try:
        async with engine.connect() as connection:
            if await runner.is_current(connection):
                return
        if not settings.migrate:
            raise OperatorError(
                "The database's schema is older than this release needs. "
                "Run `sessiongraph migrate` first."
            )
        tell("Migrating the database")
        await runner.upgrade(engine)
    except runner.UnknownRevisionError as error:
        raise OperatorError(
            f"The database's schema is at revision {error}, which a newer release made. "
            "Run that release."
        ) from error
    except DBAPIError as error:
        raise OperatorError(
            f"The migration failed and changed nothing: {reason(error)}."
        ) from error
