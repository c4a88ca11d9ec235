"""Runs the loaders' statements for plans: only the columns that are wanted, by the driver itself.

SQLAlchemy writes each statement once; it runs on a connection of SQLAlchemy's pool, without a
transaction, and gives the driver's own rows: values by position, JSON as text. A statement with
values of its own (a filter's, a cursor's) is run by SQLAlchemy, which converts them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.context import Context
from resolvers.loaders import AnyPage, ById, OneByColumn
from resolvers.page import Page, PageRows

_DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]


@lru_cache(1024)
def _write_one(loader: ById | OneByColumn, names: tuple[str, ...]) -> tuple[str, list[str]]:
    compiled = loader.statement(names).compile(dialect=_DIALECT)
    return str(compiled), list(compiled.positiontup or ())


@lru_cache(1024)
def _write_page(loader: AnyPage, names: tuple[str, ...], page: Page) -> tuple[str, list[str]]:
    compiled = loader.statement(page, names).compile(dialect=_DIALECT)
    return str(compiled), list(compiled.positiontup or ())


async def _run(engine: AsyncEngine, sql: str, arguments: Sequence[Any]) -> list[Any]:
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        rows: list[Any] = await driver.fetch(sql, *arguments)
        return rows


async def fetch_one(
    context: Context, loader: ById | OneByColumn, names: tuple[str, ...], keys: Sequence[Any]
) -> dict[Any, Any]:
    """Give rows by their keys; `names` holds the key's column."""
    sql, order = _write_one(loader, names)
    given = {"project": context.project_id, "keys": list(keys)}
    rows = await _run(context.engine, sql, [given[name] for name in order])
    place = names.index(loader.column)
    return {row[place]: row for row in rows}


async def fetch_pages(
    context: Context, loader: AnyPage, names: tuple[str, ...], keys: Sequence[Any], page: Page
) -> list[PageRows]:
    """Give a page for each key, in the keys' order; one of the project has the key None."""
    given = {"project": context.project_id, "keys": list(keys), "size": page.size + 1}
    if page.is_particular:
        async with context.engine.connect() as connection:
            found = await connection.execute(loader.statement(page, names), given)
            rows: Sequence[Any] = found.all()
    else:
        sql, order = _write_page(loader, names, page.shape)
        rows = await _run(context.engine, sql, [given[name] for name in order])
    return loader.split(rows, keys, page)


async def count(context: Context, loader: AnyPage, keys: Sequence[Any], page: Page) -> list[int]:
    """Count the rows of each key that the page's filter finds."""
    async with context.engine.connect() as connection:
        return await loader.count(connection, context.project_id, keys, page.filter)
