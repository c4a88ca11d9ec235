"""Runs a plan's statement by the driver, which gives its own rows: values by position."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from execution.statement import Statement
from resolvers.pooled_connection import give_back, take_connection


async def fetch(
    engine: AsyncEngine, statement: Statement, parameters: Mapping[str, Any]
) -> Sequence[Any]:
    """Give the rows of a statement."""
    given = [parameters[name] for name in statement.parameters]
    connection = await take_connection(engine)
    try:
        driver: Any = connection.driver_connection
        rows: Sequence[Any] = await driver.fetch(statement.sql, *given)
        return rows
    finally:
        give_back(engine, connection)
