"""A transaction on a connection of the engine's pool, run by the driver itself."""

from asyncio import timeout
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy import Connection, CursorResult, Executable, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.compiled_statement import CompiledStatement
from resolvers.database_use import database_use
from resolvers.pooled_connection import give_back, take_connection

Given = TypeVar("Given")

_ROLLBACK_SECONDS = 2.0
"""How long a database may take for one, which it does at once, after what was cancelled."""


class ConnectionLostError(ConnectionError):
    """The connection broke: whether the statement was run is not known."""


class DatabaseTransaction:
    """A connection, from the first statement to the end of the block.

    Until `begin` a statement is a transaction of its own; from then on they are one, which ends
    with the block. Raises the driver's errors, whoever runs the statement, and
    `ConnectionLostError`.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._pooled: PoolProxiedConnection | None = None
        self._driver: Any = None
        self.has_begun = False
        self._connection: AsyncConnection | None = None

    async def __aenter__(self) -> Self:
        """Take nothing yet."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or take back what was done if there is an error; give the connection back."""
        if self._pooled is None:
            return
        try:
            if self.has_begun and kind is None:
                await self._run("COMMIT")
            elif self.has_begun and not self._driver.is_closed():
                await self._roll_back()
        finally:
            try:
                # what should have ended it was cancelled
                if not self._driver.is_closed() and self._driver.is_in_transaction():
                    self._driver.terminate()
                if self._connection is not None:
                    await self._connection.close()
            finally:
                give_back(self._engine, self._pooled)

    async def _roll_back(self) -> None:
        """Take back what was done, or break the connection off, which does it too."""
        try:
            async with timeout(_ROLLBACK_SECONDS):
                await self._run("ROLLBACK")
        except (TimeoutError, ConnectionLostError):
            self._driver.terminate()

    async def _open(self) -> None:
        if self._pooled is None:
            self._pooled = await take_connection(self._engine)
            self._driver = self._pooled.driver_connection

    async def _tell(self, running: Awaitable[Given]) -> Given:
        try:
            return await running
        except InternalClientError as error:
            # such as where the server has said that it ends, and the end is not there yet
            self._driver.terminate()
            raise ConnectionLostError("The connection to the database broke.") from error
        except (PostgresError, InterfaceError, OSError) as error:
            if self._driver.is_closed():
                raise ConnectionLostError("The connection to the database broke.") from error
            raise

    async def _run(self, command: str) -> None:
        await self._tell(self._driver.execute(command))

    async def begin(self) -> None:
        """Make one transaction of what follows."""
        if not self.has_begun:
            await self._open()
            self.has_begun = True  # even where it is cancelled before the answer comes
            await self._run("BEGIN")

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Take back what is done in the block, and no more, if it ends with an error."""
        await self.begin()
        await self._run("SAVEPOINT block")
        try:
            yield
        except Exception:  # what is cancelled takes back the whole transaction
            if not self._driver.is_closed():
                await self._run("ROLLBACK TO block")
            raise
        await self._run("RELEASE block")

    async def fetch(
        self, statement: CompiledStatement, values: Mapping[str, Any]
    ) -> list[Sequence[Any]]:
        """Run a statement and give its rows, whose JSON is text."""
        await self._open()
        use = database_use.get()
        if use is not None:
            use.statements += 1
        rows: list[Sequence[Any]] = await self._tell(
            self._driver.fetch(statement.text, *statement.arguments(values))
        )
        if use is not None:
            use.rows += len(rows)
        return rows

    async def run_many(
        self, statement: CompiledStatement, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Run a statement for each of many rows of values; it counts as one."""
        await self._open()
        use = database_use.get()
        if use is not None:
            use.statements += 1
        arguments = [statement.arguments(values) for values in rows]
        await self._tell(self._driver.executemany(statement.text, arguments))

    async def connection(self) -> AsyncConnection:
        """Give the transaction to SQLAlchemy, to run what is not compiled."""
        await self.begin()
        if self._connection is None:
            taken = Connection(self._engine.sync_engine, self._pooled)
            self._connection = AsyncConnection(self._engine, taken)
            # it leaves the beginning and the end to us
            await self._connection.execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    async def execute(self, statement: Executable) -> CursorResult[*tuple[Any, ...]]:
        """Run any statement by SQLAlchemy."""
        connection = await self.connection()
        try:
            return await connection.execute(statement)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise ConnectionLostError("The connection to the database broke.") from error
            cause = None if error.orig is None else error.orig.__cause__
            raise cause or error from error
