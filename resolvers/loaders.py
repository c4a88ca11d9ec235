"""Loaders, declared: one statement for all the parents of a level.

A declaration says what to read; `Context.load` batches the keys of one level and runs it once.
Rows are SQLAlchemy Core rows of all the table's columns, JSON columns as text.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Row,
    Select,
    Table,
    and_,
    any_,
    bindparam,
    func,
    null,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from resolvers.batch_loading import PROJECT, for_each, group, parents, read
from resolvers.filters import Filter, where
from resolvers.identifiers import table_of
from resolvers.page import Order, Page, PageArguments, PageRows, beyond, ordering, read_page


@dataclass(frozen=True)
class OneByColumn:
    """Loads the one row whose column holds the key: by id, or such as an agent's active version."""

    table: Table
    column: str = "id"
    condition: ColumnElement[bool] = field(default_factory=true, compare=False)

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[Any]
    ) -> list[Row[Any] | None]:
        """Give a row or None for each key, in the keys' order."""
        kind = ARRAY(self.table.c[self.column].type)
        statement = self.rows(any_(bindparam("keys", type_=kind)))
        found = await read(connection, statement, project_id, keys)
        rows = {getattr(row, self.column): row for row in found}
        return [rows.get(key) for key in keys]

    def rows(self, key: ColumnElement[Any], names: Sequence[str] = ()) -> Select[Any]:
        """Select the row of a key, some columns of it or all."""
        columns = self.table.c
        held = columns.project_id == PROJECT, columns[self.column] == key, self.condition
        return _select(self.table, names).where(*held)


@dataclass(frozen=True)
class Pages(ABC):
    """Loads pages of a table's rows for many keys at once, by one statement.

    `order` is the rows' order where the client gives none.
    """

    table: Table
    order: Order

    @property
    def name(self) -> str:
        """The connection's name, for cursors."""
        return self.table.name

    def page(self, arguments: PageArguments) -> Page:
        """Check a connection's arguments. Raises `Invalid`, naming the one at fault."""
        return read_page(arguments, self.name, self.table, self.order)

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[Any], page: Page
    ) -> list[PageRows]:
        """Give a page for each key, in the keys' order."""
        parent = parents()
        statement = for_each(parent, self.rows(parent.c.key, page))
        found = await read(connection, statement, project_id, keys)
        return [page.cut(own) for own in group(found, keys, itemgetter(-1))]

    async def count(
        self,
        connection: AsyncConnection,
        project_id: int,
        keys: Sequence[Any],
        filter: Filter | None = None,  # noqa: A002  what a client calls it
    ) -> list[int]:
        """Count each key's rows that the filter finds, all pages together."""
        parent = parents()
        statement = for_each(parent, self.counted(parent.c.key, filter))
        found = await read(connection, statement, project_id, keys)
        counts: dict[Any, int] = {row.parent_key: row[0] for row in found}
        return [counts[key] for key in keys]

    def rows(
        self,
        key: ColumnElement[Any],
        page: Page,
        names: Sequence[str] = (),
        size: str = "size",
    ) -> Select[Any]:
        """Select a key's page, some columns of its rows or all, and the first row behind it.

        `size` names the parameter that holds the number of rows.
        """
        return _slice(_select(self.table, names).where(self._held(key)), self.table, page, size)

    def counted(self, key: ColumnElement[Any], wanted: Filter | None) -> Select[Any]:
        """Select how many of a key's rows the filter finds."""
        rows = select(func.count().label("count")).select_from(self.table)
        return rows.where(self._held(key), where(wanted, self.table))

    @abstractmethod
    def _held(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        """Give the condition that a key's rows meet."""


@dataclass(frozen=True)
class PageOfProject(Pages):
    """Loads pages of all rows of the project; the one key is None."""

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[Any], page: Page
    ) -> list[PageRows]:
        """Give the page for the one key there is."""
        found = await connection.execute(self.rows(null(), page), {"project": project_id})
        return [page.cut(found.all())] * len(keys)

    async def count(
        self,
        connection: AsyncConnection,
        project_id: int,
        keys: Sequence[Any],
        filter: Filter | None = None,  # noqa: A002
    ) -> list[int]:
        """Count the project's rows that the filter finds."""
        found = await connection.execute(self.counted(null(), filter), {"project": project_id})
        return [found.scalar_one()] * len(keys)

    def _held(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        return self.table.c.project_id == PROJECT


@dataclass(frozen=True)
class PageByColumn(Pages):
    """Loads pages of the rows whose column holds a key."""

    column: str

    @property
    def name(self) -> str:
        """The connection's name, for cursors."""
        return f"{self.table.name}.{self.column}"

    def _held(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        columns = self.table.c
        return and_(columns.project_id == PROJECT, columns[self.column] == key)


@dataclass(frozen=True)
class PageOfDescendants(PageByColumn):
    """Loads pages of everything below a row, at any depth, by one recursive statement."""

    def _held(self, key: ColumnElement[Any]) -> ColumnElement[bool]:
        columns = self.table.c
        below = self._below(key)
        own = select(below.c.id).where(below.c.ancestor_id == key).correlate_except(below)
        return and_(columns.project_id == PROJECT, columns.id.in_(own))

    def _below(self, key: ColumnElement[Any]) -> FromClause:
        """Select every row below any of the keys, each with that key."""
        columns = self.table.c
        keys = select(key).correlate(None)
        below = (
            select(columns[self.column].label("ancestor_id"), columns.id)
            .where(columns.project_id == PROJECT, columns[self.column].in_(keys))
            .cte(recursive=True)
        )
        child = self.table.alias()
        return below.union_all(
            select(below.c.ancestor_id, child.c.id)
            .select_from(below.join(child, child.c[self.column] == below.c.id))
            .where(child.c.project_id == PROJECT)
        )


def by_id(model: type[Any]) -> OneByColumn:
    """Declare the loader of a model's rows by id."""
    return rows_of(table_of(model))


@cache
def rows_of(table: Table) -> OneByColumn:
    """Give the loader of a table's rows by id."""
    return OneByColumn(table)


def one_by_column(
    column: InstrumentedAttribute[Any], condition: ColumnElement[bool] | None = None
) -> OneByColumn:
    """Declare the loader of the one row that holds the key and meets the condition."""
    return OneByColumn(
        table_of(column.class_), column.key, true() if condition is None else condition
    )


def page_by_column(
    column: InstrumentedAttribute[Any], *order: str, descending: bool = False
) -> PageByColumn:
    """Declare the loader of pages of the rows that refer to the key."""
    return PageByColumn(table_of(column.class_), Order(order, descending), column.key)


def page_of_project(model: type[Any], *order: str, descending: bool = True) -> PageOfProject:
    """Declare the loader of pages of all the project's rows, newest first."""
    return PageOfProject(table_of(model), Order(order or ("created_at", "id"), descending))


def page_of_descendants(column: InstrumentedAttribute[Any], *order: str) -> PageOfDescendants:
    """Declare the loader of pages of all rows below the key, by the column that names a parent."""
    return PageOfDescendants(table_of(column.class_), Order(order), column.key)


def _slice(rows: Select[Any], table: Table, page: Page, size: str) -> Select[Any]:
    """Cut a page, and one row more that tells whether there is a next one."""
    descending = page.order.descending
    if page.filter is not None:
        rows = rows.where(where(page.filter, table))
    if page.after is not None:
        rows = rows.where(beyond(table, page.order, page.after, greater=not descending))
    if page.before is not None:
        rows = rows.where(beyond(table, page.order, page.before, greater=descending))
    limit = bindparam(size, page.size + 1, type_=Integer)
    return rows.order_by(*ordering(table, page.order, backward=page.backward)).limit(limit)


def _select(table: Table, names: Sequence[str]) -> Select[Any]:
    return select(*[table.c[name] for name in names]) if names else select(table)
