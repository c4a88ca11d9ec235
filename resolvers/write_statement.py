"""The statement that writes what a recording keeps: one round trip, whatever is in it.

::

    WITH row_0 AS (UPDATE sessions SET message_sequence = message_sequence + $1, … RETURNING *),
         row_1 AS (INSERT INTO messages (sequence, …)
                   VALUES ((SELECT message_sequence FROM row_0), …)),
         row_2 AS (INSERT INTO session_events …)
    SELECT now(), 1 / num_nonnulls(row_0.id), row_0.* FROM … row_0

Rows are adjusted without being read first, in the order in which they are to be locked. Where one
of them is not there the division fails, so nothing is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    FromClause,
    Table,
    exists,
    func,
    insert,
    literal_column,
    select,
    true,
    update,
)

from resolvers.batch_loading import PROJECT
from resolvers.compiled_statement import CompiledStatement, compile_statement
from resolvers.database_transaction import DatabaseTransaction
from resolvers.kept_rows import (
    FromRow,
    KeptRow,
    Now,
    column_names,
    numbered_columns,
    rewritten_columns,
)
from resolvers.parameter import parameter

_Source: TypeAlias = str | tuple[int, str, bool]
"""Where a value comes from: given, the time, or a column of a part with or without an addend."""
_Sources: TypeAlias = tuple[tuple[str, _Source], ...]
_GIVEN, _NOW, _NOT_BEFORE = "given", "now", "not before"


@dataclass(frozen=True)
class Adjustment:
    """A row to change without reading it: what to add, the latest of times, and what to set."""

    kept: KeptRow
    key: Mapping[str, Any]
    add: Mapping[str, Any]
    latest: Mapping[str, Any]
    changes: Mapping[str, Any]


async def write_rows(
    transaction: DatabaseTransaction,
    project_id: int,
    adjustments: Sequence[Adjustment],
    rows: Iterable[KeptRow],
) -> datetime:
    """Write rows by one statement, and put into them what the database tells.

    Gives the transaction's time. Raises the driver's errors: a `DivisionByZeroError` where a row
    to adjust is not there.
    """
    shape = _Shape({"project": project_id})
    written = [*(adjustment.kept for adjustment in adjustments), *rows]
    for adjustment in adjustments:
        shape.adjust(adjustment)
    for kept in written[len(adjustments) :]:
        shape.write(kept)
    parts = tuple(shape.parts)
    (found,) = await transaction.fetch(_compile(parts), shape.values)
    moment: datetime = found[0]
    start = 1 + len(adjustments)
    for kept, part in zip(written, parts, strict=True):
        end = start + len(part.returned)
        kept.values.update(zip(part.returned, found[start:end], strict=True))
        start = end
    for kept in written[len(adjustments) :]:  # of the others, all columns were told
        kept.settle(moment)
    for kept in written:
        kept.has_been_written()
    return moment


@dataclass(frozen=True, slots=True)
class _Part:
    """The shape of one row's statement: an insert, or an update by a key."""

    table: Table
    returned: tuple[str, ...]
    sets: _Sources
    key: tuple[str, ...] = ()
    adds: tuple[str, ...] = ()
    latest: _Sources = ()

    @property
    def is_adjustment(self) -> bool:
        return bool(self.adds or self.latest)


@dataclass
class _Shape:
    """What a statement is made of, and the values of its parameters."""

    values: dict[str, Any]
    parts: list[_Part] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """The parts of rows that are adjusted, by the identity of the row's values."""

    def adjust(self, adjustment: Adjustment) -> None:
        """Add a row to adjust."""
        table = adjustment.kept.table
        self.places[id(adjustment.kept.values)] = len(self.parts)
        part = _Part(
            table,
            column_names(table),
            self._sources("set", adjustment.changes.items()),
            self._names("key", adjustment.key),
            self._names("add", adjustment.add),
            self._sources("latest", adjustment.latest.items()),
        )
        self.parts.append(part)

    def write(self, kept: KeptRow) -> None:
        """Add a row to insert, or to change by its id."""
        names = kept.changed
        values = kept.values
        sources = self._sources("set", [(name, values[name]) for name in sorted(names)])
        told = rewritten_columns(kept.table) & names
        if kept.is_new:
            told |= numbered_columns(kept.table).keys()
        returned = tuple(sorted(told))
        key = () if kept.is_new else self._names("key", {"id": values["id"]})
        self.parts.append(_Part(kept.table, returned, sources, key))

    def _names(self, use: str, values: Mapping[str, Any]) -> tuple[str, ...]:
        for name, value in values.items():
            self.values[_name(len(self.parts), use, name)] = value
        return tuple(values)

    def _sources(self, use: str, values: Iterable[tuple[str, Any]]) -> _Sources:
        place = len(self.parts)
        return tuple((name, self._source(_name(place, use, name), value)) for name, value in values)

    def _source(self, name: str, value: Any) -> _Source:
        if isinstance(value, Now):
            if value.not_before is None:
                return _NOW
            self.values[name] = value.not_before
            return _NOT_BEFORE
        if isinstance(value, FromRow):
            if value.plus:
                self.values[name] = value.plus
            return self.places[id(value.values)], value.column, bool(value.plus)
        self.values[name] = value
        return _GIVEN


def _name(place: int, use: str, column: str) -> str:
    return f"{use}_{place}_{column}"


@lru_cache(1024)
def _compile(parts: tuple[_Part, ...]) -> CompiledStatement:
    rows: list[CTE] = []
    for part in parts:
        rows.append(_write(part, rows))
    adjusted = [row for row, part in zip(rows, parts, strict=True) if part.is_adjustment]
    shown: FromClause = select(literal_column("1").label("one")).subquery("one")
    for row, part in zip(rows, parts, strict=True):
        if part.returned:
            shown = shown.outerjoin(row, true())
    checks = [literal_column("1").op("/")(func.num_nonnulls(row.c.id)) for row in adjusted]
    returned = [
        row.c[name] for row, part in zip(rows, parts, strict=True) for name in part.returned
    ]
    statement = select(func.now(), *checks, *returned).select_from(shown).add_cte(*rows)
    return compile_statement(statement)


def _write(part: _Part, rows: Sequence[CTE]) -> CTE:
    place = len(rows)
    columns = part.table.c
    values: dict[str, Any] = {
        name: _expression(columns[name], source, _name(place, "set", name), rows)
        for name, source in part.sets
    }
    if not part.key:
        values |= _numbers(part.table, rows)
        inserted = insert(part.table).values(project_id=PROJECT, **values)
        return inserted.returning(*_columns(part)).cte(f"row_{place}")
    for name in part.adds:
        values[name] = columns[name] + parameter(columns[name], _name(place, "add", name))
    for name, source in part.latest:
        time = _expression(columns[name], source, _name(place, "latest", name), rows)
        values[name] = func.greatest(columns[name], time)
    conditions = [
        columns[name] == parameter(columns[name], _name(place, "key", name)) for name in part.key
    ]
    if part.is_adjustment and rows:  # the one before is locked before
        conditions.append(exists(select(rows[-1].c.id)))
    changed = update(part.table).where(columns.project_id == PROJECT, *conditions)
    return changed.values(values).returning(*_columns(part)).cte(f"row_{place}")


def _numbers(table: Table, rows: Sequence[CTE]) -> dict[str, ColumnElement[Any]]:
    """Take numbers of sequences in the order of the rows, where there is one before of the table.

    PostgreSQL may run the parts of a statement in any order, but for what one reads of another.
    """
    before = [row for row in rows if getattr(row.element, "table", None) is table]
    if not before:
        return {}
    return {
        name: select(number).select_from(before[-1]).scalar_subquery()
        for name, number in numbered_columns(table).items()
    }


def _columns(part: _Part) -> list[Column[Any]]:
    columns = part.table.c
    return [columns[name] for name in part.returned] or [columns.id]


def _expression(
    column: Column[Any], source: _Source, name: str, rows: Sequence[CTE]
) -> ColumnElement[Any]:
    if source == _NOW:
        return func.now()
    given = parameter(column, name)
    if source == _NOT_BEFORE:
        return func.greatest(func.now(), given)
    if isinstance(source, tuple):
        place, referred, has_addend = source
        found = select(rows[place].c[referred]).scalar_subquery()
        return found + given if has_addend else found
    return given
