"""The statements that a store is sent, by SQLAlchemy or by a plan through the driver."""

from asyncio import sleep
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from asyncpg.connection import LoggedQuery
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_OF_THE_DRIVER = (
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "current_setting",
    "pg_type",
)


@dataclass(frozen=True)
class Statement:
    """A statement with its arguments."""

    query: str
    args: Any


@asynccontextmanager
async def recorded_statements(engine: AsyncEngine) -> AsyncIterator[list[Statement]]:
    """Record statements, but for those that begin and end transactions or look types up."""
    statements: list[Statement] = []
    drivers: set[Any] = set()

    def log(query: LoggedQuery) -> None:
        if not any(word in query.query for word in _OF_THE_DRIVER):
            statements.append(Statement(query.query, query.args))

    def checkout(connection: Any, *_: Any) -> None:
        driver = connection.driver_connection
        if driver not in drivers:
            drivers.add(driver)
            driver.add_query_logger(log)

    def execute(_connection: Any, _cursor: Any, query: str, parameters: Any, *_: Any) -> None:
        statements.append(Statement(query, parameters))

    event.listen(engine.sync_engine, "checkout", checkout)
    event.listen(engine.sync_engine, "before_cursor_execute", execute)
    try:
        yield statements
        await sleep(0)  # the driver tells of a statement when the loop comes round
    finally:
        event.remove(engine.sync_engine, "checkout", checkout)
        event.remove(engine.sync_engine, "before_cursor_execute", execute)
        for driver in drivers:
            driver.remove_query_logger(log)
