"""The engine: connections to PostgreSQL, and what must be true of the server behind them."""

import asyncio
from functools import partial

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import URL, AdaptedConnection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from models.base import read_json, write_json
from server.operator_error import OperatorError
from server.settings import Settings

OLDEST_VERSION = 150000
"""PostgreSQL 15, the first whose foreign keys can set one column of a composite key to null."""
_CONNECT_SECONDS = 5.0


def read_url(given: str) -> URL:
    """Read a `postgresql://` URL. Raises `OperatorError` if it is none."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:  # the text of which has the password in it
        raise OperatorError(
            "DATABASE_URL is not a URL; give postgresql://user:password@host/database."
        ) from error
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise OperatorError("DATABASE_URL must begin with postgresql://.")
    if not 0 < (url.port or 5432) < 2**16:
        raise OperatorError(f"DATABASE_URL has the port {url.port}, which is none.")
    return url.set(drivername="postgresql+asyncpg")


def create_engine(settings: Settings, url: URL) -> AsyncEngine:
    """Make the engine of a server process; nothing connects yet.

    The driver reads the URL itself, so it may have every parameter of libpq that asyncpg knows,
    such as `host` for a socket, `sslmode` and `sslrootcert`.
    """
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    server_settings = {
        "application_name": "sessiongraph",
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": str(round(settings.statement_timeout_seconds * 1000)),
        "idle_in_transaction_session_timeout": "60000",
    }

    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        async_creator=partial(
            asyncpg.connect, dsn, timeout=_CONNECT_SECONDS, server_settings=server_settings
        ),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        hide_parameters=True,
        json_serializer=write_json,
        json_deserializer=read_json,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(
    connection: AdaptedConnection, _record: ConnectionPoolEntry, _proxy: PoolProxiedConnection
) -> None:
    """Make the pool replace a connection that the server has closed, as a restart does.

    The driver hears of it by itself. Asking the server (`pool_pre_ping`) is three round trips for
    each use of a connection: 3,900 statements a second where this gives 5,600.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def check_server(engine: AsyncEngine) -> None:
    """Raise `OperatorError`, naming the fix, unless the database can be used."""
    where = engine.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    try:
        async with asyncio.timeout(2 * _CONNECT_SECONDS), engine.connect() as connection:
            found = await connection.execute(
                text(
                    "SELECT current_setting('server_version_num')::int AS version,"
                    " current_setting('synchronous_commit') AS synchronous_commit,"
                    " current_setting('server_encoding') AS encoding"
                )
            )
            row = found.one()
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise OperatorError(f"No database answers at {where}: {reason(error)}.") from error
    if row.version < OLDEST_VERSION:
        raise OperatorError(f"PostgreSQL 15 or newer is needed at {where}.")
    if row.synchronous_commit == "off":
        raise OperatorError(
            f"synchronous_commit is off at {where}: what is acknowledged could be lost. "
            "Turn it on for this database."
        )
    if row.encoding != "UTF8":
        raise OperatorError(f"The database at {where} must have the encoding UTF8.")


def reason(error: BaseException) -> str:
    """Say in one line why the database did not do what it was asked, without a full stop."""
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig.__cause__ or error.orig
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
