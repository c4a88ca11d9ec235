"""The engine: connections to PostgreSQL, and what must be true of the server behind them."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.engine import URL, AdaptedConnection, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    MissingGreenlet,
    SQLAlchemyError,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util.concurrency import in_greenlet

from models.base import read_json, write_json
from resolvers.database_use import count_statement
from server.operator_error import OperatorError
from server.settings import Settings
from server.telemetry import open_tracing

OLDEST_VERSION = 150000
"""PostgreSQL 15, the first whose foreign keys can set one column of a composite key to null."""
IDLE_TRANSACTION_SECONDS = 60
"""When PostgreSQL ends a transaction in which nothing happens, as where a server's host is gone."""
_CONNECT_SECONDS = 5.0
_PREPARED_CHARACTERS = 64 * 1024
"""Longest statement that is kept prepared: that of a query with many links is long."""
_CONNECTION_SETTINGS = {"application_name": "sessiongraph", "timezone": "UTC"}
"""What PostgreSQL is told of every session; poolers keep these two for each of their clients."""
_PROTOCOL_VIOLATION = "08P01"


def read_url(given: str, variable: str = "DATABASE_URL") -> URL:
    """Read the `postgresql://` URL of a variable. Raises `OperatorError` if it is none."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:  # the text of which has the password in it
        raise OperatorError(
            f"{variable} is not a URL; give postgresql://user:password@host/database."
        ) from error
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise OperatorError(f"{variable} must begin with postgresql://.")
    if not 0 < (url.port or 5432) < 2**16:
        raise OperatorError(f"{variable} has the port {url.port}, which is none.")
    return url.set(drivername="postgresql+asyncpg")


def create_engine(settings: Settings, url: URL) -> AsyncEngine:
    """Make the engine of a server process; nothing connects yet.

    The driver reads the URL itself, so it may have every parameter of libpq that asyncpg knows,
    such as `host` for a socket, `sslmode` and `sslrootcert`.
    """
    tracing = open_tracing(settings)
    driver: dict[str, Any] = {"max_cacheable_statement_size": _PREPARED_CHARACTERS}
    adapter: dict[str, Any] = {}
    if not settings.prepares_statements:
        driver = {}
        adapter = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: ""}
    if tracing is not None:
        driver["connection_class"] = tracing.TracedConnection

    def connect(**_from_url: object) -> Awaitable[Any]:
        if not in_greenlet():  # who takes a connection without one hopes that one is there
            raise MissingGreenlet
        return open_connection(settings, url, **driver)

    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        connect_args={"async_creator_fn": connect, **adapter},
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        hide_parameters=True,
        json_serializer=write_json,
        json_deserializer=read_json,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "before_cursor_execute", count_statement)
    if tracing is not None:
        tracing.trace_statements(engine)
    return engine


async def open_connection(
    settings: Settings, url: URL, **driver: Any
) -> "asyncpg.Connection[asyncpg.Record]":
    """Open a connection of the driver itself; `driver` is what else it is told.

    Raises OSErrors, `asyncpg.PostgresError`s and `asyncpg.InterfaceError`s.
    """
    told = dict(_CONNECTION_SETTINGS)
    if not settings.transaction_pooling:
        told |= _session_settings(settings)
    if not settings.prepares_statements:
        # one without a name is parsed where it runs; a name may be known to another connection
        driver["statement_cache_size"] = 0
    dsn = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, server_settings=told, **driver)


def _session_settings(settings: Settings) -> dict[str, str]:
    """Give what PostgreSQL is told of each session, but for what all poolers take as well."""
    return {
        "jit": "off",
        "statement_timeout": str(round(settings.statement_timeout_seconds * 1000)),
        "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_SECONDS * 1000),
    }


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
        if getattr(_driver_error(error), "sqlstate", None) == _PROTOCOL_VIOLATION:
            raise OperatorError(
                f"What answers at {where} is no PostgreSQL ({reason(error)}). If it is a pooler, "
                "such as PgBouncer, set SESSIONGRAPH_TRANSACTION_POOLING=true."
            ) from error
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


async def settings_left_to_the_role(settings: Settings, engine: AsyncEngine) -> list[str]:
    """Give the statements that an operator has to run for what a pooler does not pass on."""
    wanted = _session_settings(settings)
    asked = text("SELECT name, setting FROM pg_settings WHERE name = ANY(:names)")
    async with engine.connect() as connection:
        rows = await connection.execute(asked, {"names": list(wanted)})
        found = {row.name: row.setting for row in rows}
        role = await connection.scalar(text("SELECT quote_ident(current_user)"))
    return [
        f"ALTER ROLE {role} SET {name} = '{value}';"
        for name, value in wanted.items()
        if found.get(name) != value
    ]


def _driver_error(error: BaseException) -> BaseException:
    """Find what the driver raised, which SQLAlchemy wraps."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def reason(error: BaseException) -> str:
    """Say in one line why the database did not do what it was asked, without a full stop."""
    if isinstance(error, TimeoutError):
        return "timed out"
    error = _driver_error(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__
