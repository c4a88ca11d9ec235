"""Reads rows from a snapshot of the store, a bounded amount at a time."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from asyncpg import Record
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.compiled_statement import CompiledStatement, compile_statement
from resolvers.database_use import count_statement

_MOST_WHOLES = 500
_ENOUGH_ROWS = 5_000
"""Read together: wholes until they have so many rows."""
_FEWEST_ROWS, _MOST_ROWS = 10, 100
_ENOUGH_CHARACTERS = 1_000_000
"""Asked of a table at a time: as many rows as have so much text, as it was of those before."""


@asynccontextmanager
async def snapshot(connection: AsyncConnection, *, may_take_long: bool) -> AsyncIterator[Any]:
    """Give the driver's connection in a transaction that reads the store as it is at one moment."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        async with driver.transaction(isolation="repeatable_read", readonly=True):
            if may_take_long:
                await driver.execute("SET LOCAL statement_timeout = 0")
                await driver.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield driver
    finally:
        break_off(driver)


def break_off(driver: Any) -> None:
    """End a connection whose transaction is still open: what should have ended it was cancelled."""
    if not driver.is_closed() and driver.is_in_transaction():
        driver.terminate()


class RowReader:
    """Reads statements with the same parameters from a snapshot."""

    def __init__(self, driver: Any, project_id: int, values: Mapping[str, Any]) -> None:
        self._driver = driver
        self._values = {"project": project_id, **values}
        self._compiled: dict[Any, CompiledStatement] = {}

    async def groups(self, wholes: Select[Any]) -> AsyncIterator[Sequence[UUID]]:
        """Give the ids of wholes, as many at a time as are to be read together."""
        group: list[UUID] = []
        count = 0
        async for whole, rows in self._read(compile_statement(wholes), {}):
            group.append(whole)
            count += rows
            if len(group) == _MOST_WHOLES or count >= _ENOUGH_ROWS:
                yield group
                group, count = [], 0
        if group:
            yield group

    def rows(
        self, key: Any, statement: Select[Any], wholes: Sequence[UUID]
    ) -> AsyncGenerator[Record, None]:
        """Give the rows of a statement about some wholes; it is compiled once for its key."""
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = compile_statement(statement)
        return self._read(compiled, {"wholes": wholes})

    async def _read(
        self, statement: CompiledStatement, more: Mapping[str, Any]
    ) -> AsyncGenerator[Record, None]:
        count_statement()
        arguments = statement.arguments({**self._values, **more})
        cursor = await self._driver.cursor(statement.text, *arguments)
        wanted = _FEWEST_ROWS
        while rows := await cursor.fetch(wanted):
            for row in rows:
                yield row
            if len(rows) < wanted:
                return
            size = sum(len(value) for row in rows for value in row if value.__class__ is str)
            fitting = _ENOUGH_CHARACTERS * len(rows) // (size + 1)
            wanted = max(_FEWEST_ROWS, min(fitting, _MOST_ROWS))
