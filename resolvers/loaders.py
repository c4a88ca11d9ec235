"""Loaders, declared: one statement for all the parents of a level.

A declaration says what to read; `Context.load` batches the keys of one level and runs it once.
Rows are SQLAlchemy Core rows of all the table's columns, JSON columns as text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Row,
    Select,
    Table,
    any_,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from resolvers.batch_loading import KEYS, PROJECT, group, parents, read
from resolvers.filters import Filter, where
from resolvers.identifiers import table_of
from resolvers.page import Order, Page, PageArguments, PageRows, beyond, ordering, read_page


@dataclass(frozen=True)
class ById:
    """Loads rows of a table by id; None for what is not there."""

    table: Table
    column: ClassVar[str] = "id"

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[Row[Any] | None]:
        """Give a row or None for each key, in the keys' order."""
        found = await read(connection, self.statement(), project_id, keys)
        rows = {row.id: row for row in found}
        return [rows.get(key) for key in keys]

    def statement(self, names: Sequence[str] = ()) -> Select[Any]:
        """Select the rows of the keys, some columns of them or all."""
        columns = self.table.c
        rows = _select(self.table, names)
        return rows.where(columns.project_id == PROJECT, columns.id == any_(KEYS))


@dataclass(frozen=True)
class OneByColumn:
    """Loads the one row whose column holds the key, such as an agent's active version."""

    table: Table
    column: str
    condition: ColumnElement[bool] = field(default_factory=true, compare=False)

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[Any]
    ) -> list[Row[Any] | None]:
        """Give a row or None for each key, in the keys' order."""
        found = await read(connection, self.statement(), project_id, keys)
        rows = {getattr(row, self.column): row for row in found}
        return [rows.get(key) for key in keys]

    def statement(self, names: Sequence[str] = ()) -> Select[Any]:
        """Select the rows of the keys, some columns of them or all."""
        columns = self.table.c
        column = columns[self.column]
        return _select(self.table, names).where(
            columns.project_id == PROJECT,
            column == any_(bindparam("keys", type_=ARRAY(column.type))),
            self.condition,
        )


@dataclass(frozen=True)
class Pages:
    """What connections have in common: the table, and the order where the client gives none."""

    table: Table
    order: Order

    @property
    def name(self) -> str:
        """The connection's name, for cursors."""
        return self.table.name

    def page(self, arguments: PageArguments) -> Page:
        """Check a connection's arguments. Raises `Invalid`, naming the one at fault."""
        return read_page(arguments, self.name, self.table, self.order)


@dataclass(frozen=True)
class PageByColumn(Pages):
    """Loads pages of the rows whose column holds a key, for many keys at once."""

    column: str

    @property
    def name(self) -> str:
        """The connection's name, for cursors."""
        return f"{self.table.name}.{self.column}"

    def _children(self, key: ColumnElement[Any], names: Sequence[str]) -> Select[Any]:
        columns = self.table.c
        rows = _select(self.table, names)
        return rows.where(columns.project_id == PROJECT, columns[self.column] == key)

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID], page: Page
    ) -> list[PageRows]:
        """Give a page for each key, in the keys' order: a LATERAL top-N in one statement."""
        found = await read(connection, self.statement(page), project_id, keys)
        return self.split(found.all(), keys, page)

    def split(self, rows: Sequence[Any], keys: Sequence[Any], page: Page) -> list[PageRows]:
        """Give each key's page of the rows that the statement gave: the key stands last."""
        return [_page_rows(own, page) for own in group(rows, keys, itemgetter(-1))]

    def statement(self, page: Page, names: Sequence[str] = ()) -> Select[Any]:
        """Select the pages of the keys: columns of the rows, then the key as `parent_key`."""
        parent = parents()
        rows = self._children(parent.c.key, names)
        child = _slice(rows, self.table, page).lateral("child")
        return select(child, parent.c.key.label("parent_key")).select_from(
            parent.join(child, true())
        )

    async def count(
        self,
        connection: AsyncConnection,
        project_id: int,
        keys: Sequence[UUID],
        filter: Filter | None = None,  # noqa: A002  what a client calls it
    ) -> list[int]:
        """Count each key's rows that the filter finds, all pages together."""
        column = self.table.c[self.column]
        statement = (
            select(column, func.count())
            .where(
                self.table.c.project_id == PROJECT,
                column == any_(KEYS),
                where(filter, self.table),
            )
            .group_by(column)
        )
        found = await read(connection, statement, project_id, keys)
        counts: dict[Any, int] = dict(found.all())
        return [counts.get(key, 0) for key in keys]


@dataclass(frozen=True)
class PageOfProject(Pages):
    """Loads pages of all rows of the project."""

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[None], page: Page
    ) -> list[PageRows]:
        """Give the page for the one key there is."""
        found = await connection.execute(self.statement(page), {"project": project_id})
        return self.split(found.all(), keys, page)

    def split(self, rows: Sequence[Any], keys: Sequence[Any], page: Page) -> list[PageRows]:
        """Give the rows that the statement gave as the one page there is."""
        return [_page_rows(rows, page)] * len(keys)

    def statement(self, page: Page, names: Sequence[str] = ()) -> Select[Any]:
        """Select a page, some columns of its rows or all."""
        rows = _select(self.table, names).where(self.table.c.project_id == PROJECT)
        return _slice(rows, self.table, page)

    async def count(
        self,
        connection: AsyncConnection,
        project_id: int,
        keys: Sequence[None],
        filter: Filter | None = None,  # noqa: A002
    ) -> list[int]:
        """Count the project's rows that the filter finds."""
        statement = (
            select(func.count())
            .select_from(self.table)
            .where(self.table.c.project_id == PROJECT, where(filter, self.table))
        )
        count = await connection.scalar(statement, {"project": project_id})
        return [count or 0] * len(keys)


@dataclass(frozen=True)
class PageOfDescendants(PageByColumn):
    """Loads pages of everything below a row, at any depth, by one recursive statement."""

    def _below(self) -> FromClause:
        columns = self.table.c
        below = (
            select(columns[self.column].label("ancestor_id"), columns.id)
            .where(columns.project_id == PROJECT, columns[self.column] == any_(KEYS))
            .cte("below", recursive=True)
        )
        child = self.table.alias("child_of_below")
        return below.union_all(
            select(below.c.ancestor_id, child.c.id)
            .select_from(below.join(child, child.c[self.column] == below.c.id))
            .where(child.c.project_id == PROJECT)
        )

    def _children(self, key: ColumnElement[Any], names: Sequence[str]) -> Select[Any]:
        below = self._below()
        columns = self.table.c
        return (
            _select(self.table, names)
            .join(below, below.c.id == columns.id)
            .where(columns.project_id == PROJECT, below.c.ancestor_id == key)
        )

    async def count(
        self,
        connection: AsyncConnection,
        project_id: int,
        keys: Sequence[UUID],
        filter: Filter | None = None,  # noqa: A002
    ) -> list[int]:
        """Count everything below each key that the filter finds."""
        below = self._below()
        statement = (
            select(below.c.ancestor_id, func.count())
            .join(self.table, self.table.c.id == below.c.id)
            .where(self.table.c.project_id == PROJECT, where(filter, self.table))
            .group_by(below.c.ancestor_id)
        )
        found = await read(connection, statement, project_id, keys)
        counts: dict[Any, int] = dict(found.all())
        return [counts.get(key, 0) for key in keys]


AnyPage = PageByColumn | PageOfProject
AnyLoader = ById | OneByColumn | AnyPage


def by_id(model: type[Any]) -> ById:
    """Declare the loader of a model's rows by id."""
    return ById(table_of(model))


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


def _slice(rows: Select[Any], table: Table, page: Page) -> Select[Any]:
    """Cut a page, and one row more that tells whether there is a next one."""
    descending = page.order.descending
    if page.filter is not None:
        rows = rows.where(where(page.filter, table))
    if page.after is not None:
        rows = rows.where(beyond(table, page.order, page.after, greater=not descending))
    if page.before is not None:
        rows = rows.where(beyond(table, page.order, page.before, greater=descending))
    size = bindparam("size", page.size + 1, type_=Integer)
    return rows.order_by(*ordering(table, page.order, backward=page.backward)).limit(size)


def _select(table: Table, names: Sequence[str]) -> Select[Any]:
    return select(*[table.c[name] for name in names]) if names else select(table)


def _page_rows(rows: Sequence[Any], page: Page) -> PageRows:
    """Make a page of the rows that its statement gave."""
    more = len(rows) > page.size
    rows = rows[: page.size]
    if page.backward:
        return PageRows(rows[::-1], has_next=page.before is not None, has_previous=more)
    return PageRows(rows, has_next=more, has_previous=page.after is not None)
