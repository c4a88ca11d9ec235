"""Runs a plan's statement on a connection of SQLAlchemy's pool.

The driver runs it by itself and gives its own rows: values by position, JSON as text.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from execution.statement import Statement


async def fetch(
    engine: AsyncEngine, statement: Statement, parameters: Mapping[str, Any]
) -> Sequence[Any]:
    """Give the rows of a statement."""
    async with driver_connection(engine) as driver:
        given = [parameters[name] for name in statement.parameters]
        rows: Sequence[Any] = await driver.fetch(statement.sql, *given)
        return rows


@asynccontextmanager
async def driver_connection(engine: AsyncEngine) -> AsyncIterator[Any]:
    """Take the driver's connection from the pool, for statements outside of a transaction."""
    pooled = await greenlet_spawn(engine.sync_engine.raw_connection)
    try:
        yield pooled.driver_connection
    finally:
        pooled.close()
