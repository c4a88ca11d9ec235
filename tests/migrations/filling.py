"""Rows for every table of a store, whatever its schema: made from what the database says of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, MetaData, Table, insert
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from uuid_utils.compat import uuid7

Row = dict[str, Any]

_BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class Filling:
    """The tables of a store, each after those that it needs rows of, and the rows made so far."""

    tables: list[Table]
    rows: dict[str, list[Row]]

    def make_row(self, table: Table, number: int) -> Row:
        """Make a row unlike those of other numbers, with what columns and constraints ask for."""
        makers = ((column.name, _maker(column)) for column in table.columns)
        row = {name: make(number) for name, make in makers if make is not None}
        return row | self._references(table, row, number)

    def make_rows(self, table: Table, numbers: range) -> list[Row]:
        """Make rows; fewer where the primary key has not so many values."""
        names = table.primary_key.columns.keys()
        rows = ((number, self.make_row(table, number)) for number in numbers)
        return [*{tuple(row.get(name, n) for name in names): row for n, row in rows}.values()]

    def _references(self, table: Table, row: Row, number: int) -> Row:
        """Point at itself or at rows made before; two columns at a table point at two rows."""
        found: Row = {}
        used: dict[str, int] = {}
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            target = key.referred_table.name
            name, pointed_at = key.elements[-1].parent.name, key.elements[-1].column.name
            if target == "projects":
                continue
            if target == table.name:
                found[name] = None if key.elements[-1].parent.nullable else row[pointed_at]
                continue
            rows = self.rows.get(target)
            turn = used[target] = used.get(target, -1) + 1
            # those of a table that comes later are null, which is allowed
            found[name] = rows[(number + turn) % len(rows)][pointed_at] if rows else None
        return found

    async def fill(self, connection: AsyncConnection, count: int) -> None:
        """Insert so many rows into each table; a project's name is the one thing that is there."""
        for table in self.tables:
            made = self.make_rows(table, range(count))
            await connection.execute(insert(table), made)
            self.rows[table.name] = made


async def read_tables(engine: AsyncEngine) -> Filling:
    """Read the tables of a store, but for Alembic's own."""
    # no reader of our own: SQLAlchemy reflects identity columns from JSON as Python values
    plain = create_async_engine(engine.url)
    metadata = MetaData()
    async with plain.connect() as connection:
        await connection.run_sync(metadata.reflect)
    await plain.dispose()
    metadata.remove(metadata.tables["alembic_version"])
    return Filling(list(_in_order(metadata)), {})


def _in_order(metadata: MetaData) -> Iterator[Table]:
    """Put each table after all that it refers to; in a circle, after those that it must."""
    left = dict(metadata.tables)
    while left:
        yield left.pop(next(_ready(left, only_needed=False), None) or next(_ready(left)))


def _ready(left: dict[str, Table], *, only_needed: bool = True) -> Iterator[str]:
    for name, table in left.items():
        needed = {
            key.referred_table.name
            for key in table.foreign_key_constraints
            if not (only_needed and key.elements[-1].parent.nullable)
        }
        if needed.isdisjoint(left.keys() - {name}):
            yield name


def _checks(column: Column[Any]) -> list[CheckConstraint]:
    found = [each for each in column.table.constraints if isinstance(each, CheckConstraint)]
    return [each for each in found if re.search(rf"\b{column.name}\b", str(each.sqltext))]


def _is_left_out(column: Column[Any]) -> bool:
    """Whether a column has a default, or is null as long as others of its table are."""
    if column.server_default is not None or column.identity is not None:
        return True
    others = "|".join(each.name for each in column.table.columns if each is not column)
    together = any(
        re.search(rf"\b(?:{others})\b", re.sub(r"'\w+'", "", str(check.sqltext)))
        for check in _checks(column)
    )
    return bool(column.nullable) and (together or bool(column.foreign_keys))


@cache
def _maker(column: Column[Any]) -> Callable[[int], Any] | None:
    """Give what makes a column's value of a number; None where it is left out."""
    if column.name == "project_id":
        return lambda _number: 1
    if _is_left_out(column):
        return None
    for check in map(str, (each.sqltext for each in _checks(column))):
        if re.match(rf"\(*{column.name} = ANY", check):
            allowed: list[str] = re.findall(r"'(\w+)'::text", check)
            # the first is what a new row has; where rows differ by it they must have all
            return lambda number: allowed[number % len(allowed) if column.primary_key else 0]
        length = re.search(rf"octet_length\({column.name}\) = (\d+)", check)
        if length:
            return partial(int.to_bytes, length=int(length[1]), byteorder="big")
    if isinstance(column.type, ARRAY):
        return lambda _number: []
    name = column.name
    makers: dict[type, Callable[[int], Any]] = {
        str: lambda number: f"{name} {number}: „{chr(0x1F600 + number % 50)}\\ 'quoted'“",
        int: lambda number: number + 1,
        float: lambda number: number % 100 / 100,
        Decimal: lambda number: Decimal(number) / 1000,
        bool: lambda _number: False,
        bytes: partial(int.to_bytes, length=32, byteorder="big"),
        datetime: lambda number: _BEGAN + timedelta(seconds=number),
        timedelta: lambda number: timedelta(days=number + 1),
        UUID: lambda _number: uuid7(),
        object: _document,
        dict: _document,
    }
    return makers[column.type.python_type]


def _document(number: int) -> dict[str, Any]:
    return {"number": number, "items": ["a\nb", None, 0.5, "\u2028", {"é": [[]]}]}
