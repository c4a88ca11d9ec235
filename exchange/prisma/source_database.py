"""The source's database: its URL as Prisma spells it, one consistent snapshot, its tables' rows."""

import ssl
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import asyncpg
from sqlalchemy import DateTime, Text, cast, column, event, func, inspect, select, table
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.engine import URL, Connection, Row, make_url
from sqlalchemy.exc import ArgumentError, SAWarning, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import JSON, NullType

from exchange.prisma.errors import SourceError

_KNOWN = "postgresql://, mysql:// or file:, as in Prisma's DATABASE_URL"
_OF_LIBPQ = (
    "host",
    "port",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslpassword",
    "options",
)
_CONNECT_SECONDS = 10
_ROWS_AT_ONCE = 200
"""Rows that a driver holds: a row may have megabytes."""


class SourceDatabase:
    """A database that is read in one snapshot. `schema` is PostgreSQL's, None for the others."""

    def __init__(self, connection: AsyncConnection, schema: str | None) -> None:
        self._connection = connection
        self._schema = schema

    async def table_names(self) -> list[str]:
        """Name the tables that are there."""
        schema = self._schema

        def read(connection: Connection) -> list[str]:
            found = inspect(connection)
            if schema is not None and schema not in found.get_schema_names():
                raise SourceError(f"The source has no schema {schema}.")
            return found.get_table_names(schema)

        return await self._connection.run_sync(read)

    async def column_types(self, name: str) -> dict[str, Any]:
        """Give the columns of a table with their types, in order."""
        schema = self._schema

        def read(connection: Connection) -> dict[str, Any]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # types of extensions are no trouble
                found = inspect(connection).get_columns(name, schema)
            return {str(each["name"]): each["type"] for each in found}

        return await self._connection.run_sync(read)

    async def count(self, name: str) -> int:
        """Count the rows of a table."""
        counted = select(func.count()).select_from(table(name, schema=self._schema))
        return int(await self._connection.scalar(counted) or 0)

    async def rows(self, name: str, types: dict[str, Any]) -> AsyncIterator[Sequence[Row[Any]]]:
        """Stream a table, a few rows at a time; values are as the driver has them, JSON as text."""
        is_postgresql = self._connection.dialect.name == "postgresql"
        columns: list[Any] = []
        for each, kind in types.items():
            # of a time beyond the calendar, and of types of extensions, the driver has no value
            as_text = is_postgresql and isinstance(kind, (DateTime, NullType))
            columns.append(cast(column(each), Text).label(each) if as_text else column(each))
        statement = select(*columns).select_from(table(name, schema=self._schema))
        streamed = await self._connection.stream(
            statement, execution_options={"yield_per": _ROWS_AT_ONCE}
        )
        async for rows in streamed.partitions():
            yield rows


def is_json(kind: Any) -> bool:
    """Whether a column's type is JSON by the database's own word.

    MariaDB's JSON is its longest text, compared byte by byte; SQLite takes any word for a type.
    """
    is_mariadbs = isinstance(kind, LONGTEXT) and kind.collation == "utf8mb4_bin"
    return isinstance(kind, JSON) or "JSON" in type(kind).__name__ or is_mariadbs


@asynccontextmanager
async def open_source(url: str) -> AsyncIterator[SourceDatabase]:
    """Open a source, only to read, in one snapshot. Raises `SourceError`."""
    engine, schema = _engine(url)
    try:
        async with _connect(engine) as connection:
            yield SourceDatabase(connection, schema)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _connect(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    where = engine.url.set(query={}).render_as_string(hide_password=True)
    try:
        connection = await engine.connect()
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise SourceError(f"No database answers at {where}: {_reason(error)}.") from error
    try:
        await _begin(connection)
        yield connection
    except SQLAlchemyError as error:
        raise SourceError(f"The source cannot be read: {_reason(error)}.") from error
    finally:
        await connection.close()


async def _begin(connection: AsyncConnection) -> None:
    """Begin the transaction that sees one moment and changes nothing."""
    match connection.dialect.name:
        case "postgresql":
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        case "mysql":
            await connection.exec_driver_sql("SET time_zone = '+00:00'")
            await connection.exec_driver_sql(
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
            )
            await connection.exec_driver_sql(
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
            )
        case _:
            await connection.exec_driver_sql("BEGIN")


def _reason(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).partition("\n")[0].rstrip(".") or type(cause).__name__


def _engine(url: str) -> tuple[AsyncEngine, str | None]:
    scheme, colon, rest = url.partition(":")
    if not colon:
        raise SourceError(f"{url} is no URL; give {_KNOWN}.")
    if scheme in {"file", "sqlite"}:
        return _sqlite(scheme, rest), None
    try:
        read = make_url(url)
    except (ArgumentError, ValueError) as error:  # the text of which has the password in it
        raise SourceError(f"This is no URL; give {_KNOWN}.") from error
    if scheme in {"postgresql", "postgres"}:
        return _postgresql(read)
    if scheme in {"mysql", "mariadb"}:
        return _mysql(read), None
    raise SourceError(f"A {scheme}: URL cannot be read; give {_KNOWN}.")


def _sqlite(scheme: str, rest: str) -> AsyncEngine:
    name = unquote(rest.partition("?")[0])
    # SQLAlchemy's has three slashes before a path, file: has two
    name = name.removeprefix("///" if scheme == "sqlite" and name.startswith("///") else "//")
    path = Path(name)
    if not path.is_file():
        raise SourceError(f"There is no file {name}.")
    target = quote(str(path.resolve()))
    engine = create_async_engine(f"sqlite+aiosqlite:///file:{target}?mode=ro&uri=true")
    event.listen(engine.sync_engine, "connect", _keep_bad_text)
    return engine


def _keep_bad_text(connection: Any, _record: Any) -> None:
    """Let text that is no UTF-8 be read, so that its row is refused and no other."""
    connection.driver_connection.text_factory = _decode


def _decode(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def _postgresql(url: URL) -> tuple[AsyncEngine, str]:
    query = {name: value for name, value in url.query.items() if name in _OF_LIBPQ}
    given = url.query.get("schema", "public")
    schema = given if isinstance(given, str) else given[0]
    if query.get("sslmode") == "no-verify":  # Prisma's own word
        query["sslmode"] = "require"
    dsn = url.set(drivername="postgresql", query=query).render_as_string(hide_password=False)

    async def connect(**_from_url: object) -> Any:
        told = {"timezone": "UTC", "datestyle": "ISO"}  # times are read as text
        return await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, server_settings=told)

    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg", query={}),
        connect_args={"async_creator_fn": connect},
        json_deserializer=str,  # the text as it is
    )
    return engine, schema


def _mysql(url: URL) -> AsyncEngine:
    arguments: dict[str, Any] = {"charset": "utf8mb4", "connect_timeout": _CONNECT_SECONDS}
    given = parse_qs("&".join(f"{name}={value}" for name, value in url.query.items()))
    if given.keys() & {"sslaccept", "sslcert", "ssl"}:
        context = ssl.create_default_context()
        if given.get("sslaccept") != ["strict"]:  # Prisma's default
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        arguments["ssl"] = context
    if "socket" in given:
        arguments["unix_socket"] = given["socket"][0]
    target = url.set(drivername="mysql+asyncmy", query={})
    return create_async_engine(target, connect_args=arguments)
