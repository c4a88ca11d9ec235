"""The store of a command: the embedded PostgreSQL or that of DATABASE_URL, migrated and checked."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from importlib.metadata import version

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
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
    async with open_database(settings, tell, alone=alone) as engine:
        if settings.transaction_pooling:
            for statement in await settings_left_to_the_role(settings, engine):
                tell(f"Not set behind a pooler; run {statement}")
        await _migrate_if_needed(settings, engine, tell)
        yield engine


@asynccontextmanager
async def open_database(
    settings: Settings, tell: Tell, *, alone: bool = False
) -> AsyncIterator[AsyncEngine]:
    """Open the store as it is, whatever its schema. Raises `OperatorError`."""
    with ExitStack() as stack:
        if settings.database_url is None:
            url = _embedded(settings, tell, stack, alone=alone)
        else:
            url = read_url(settings.database_url)
        engine = create_engine(settings, url)
        try:
            await check_server(engine)
            yield engine
        finally:
            await engine.dispose()


@asynccontextmanager
async def past_pooler(settings: Settings, engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """Give an engine whose connections are sessions of the database itself.

    A pooler in transaction mode gives each transaction another session, where a lock that is to
    last for several has no place to be. Raises `OperatorError` where the way past it is not known.
    """
    if not settings.transaction_pooling:
        yield engine
        return
    if settings.listen_url is None:
        raise OperatorError(
            "Schemas are migrated, backed up and restored past a pooler: set "
            "SESSIONGRAPH_LISTEN_URL to the address of the database itself."
        )
    direct = settings.model_copy(update={"transaction_pooling": False})
    made = create_engine(direct, read_url(settings.listen_url, "SESSIONGRAPH_LISTEN_URL"))
    try:
        await check_server(made)
        yield made
    finally:
        await made.dispose()


async def migrate(settings: Settings, engine: AsyncEngine) -> None:
    """Bring the schema up to date. Raises `OperatorError`."""
    try:
        async with past_pooler(settings, engine) as direct:
            await runner.upgrade(direct)
    except DBAPIError as error:
        left = await _what_is_left(engine)
        raise OperatorError(f"The migration failed{left}: {reason(error)}.") from error


async def _what_is_left(engine: AsyncEngine) -> str:
    try:
        async with engine.connect() as connection:
            revision = await runner.current_revision(connection)
    except (OSError, SQLAlchemyError):
        return ""
    return " and changed nothing" if revision is None else f" and left the schema at {revision}"


def refuse_newer(error: runner.UnknownRevisionError) -> OperatorError:
    """Say which release to run on a database that a newer one has migrated."""
    ours = version("sessiongraph")
    made = "a newer release made" if error.release in (None, ours) else f"{error.release} made"
    return OperatorError(
        f"The database's schema is at revision {error.revision}, which {made}. Run that release."
    )


def _embedded(settings: Settings, tell: Tell, stack: ExitStack, *, alone: bool) -> URL:
    if sys.platform == "win32":
        raise OperatorError("There is no embedded PostgreSQL for Windows; set DATABASE_URL.")
    if alone:
        stack.enter_context(exclusive(settings.data_directory))
    tell(f"Starting PostgreSQL in {settings.data_directory}")
    return stack.enter_context(embedded_postgres(settings.data_directory))


async def _migrate_if_needed(settings: Settings, engine: AsyncEngine, tell: Tell) -> None:
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
        await migrate(settings, engine)
    except runner.UnknownRevisionError as error:
        raise refuse_newer(error) from error
