"""Rows that a recording keeps in memory, as they are and as they will be written.

What only the database can tell stands in a row as a `Later` until it is written: the time of the
transaction, or a column of a row that is changed without being read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Never, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Numeric,
    Row,
    Table,
    TextClause,
)
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSON, JSONB, REAL
from sqlalchemy.sql.functions import next_value, now

from models.base import write_json


class NotKnownYetError(Exception):
    """A value was looked at that only the database can tell."""


class Later:
    """A value that is known when it is written. It can be written, and no more."""

    __slots__ = ()

    def _refuse(self, *_: Any) -> Never:
        raise NotKnownYetError

    __bool__ = __str__ = __hash__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __getattr__ = _refuse


class Now(Later):
    """The transaction's time by the database's clock, or a later one."""

    __slots__ = ("not_before",)

    def __init__(self, not_before: datetime | None = None) -> None:
        self.not_before = not_before


NOW = Now()


class FromRow(Later):
    """A column of a row that is yet to be changed, and a number to add."""

    __slots__ = ("column", "plus", "values")

    def __init__(self, values: dict[str, Any], column: str, plus: int = 0) -> None:
        self.values = values
        self.column = column
        self.plus = plus

    def __add__(self, number: int) -> "FromRow":
        return FromRow(self.values, self.column, self.plus + number)

    def __sub__(self, number: int) -> "FromRow":
        return self + -number

    @property
    def known(self) -> Any:
        """The value, after the row was written."""
        found = self.values[self.column]
        return found + self.plus if self.plus else found


class UnreadValues(dict[str, Any]):
    """The values of a row that is not read: what is not known is a `FromRow`."""

    __slots__ = ()

    def __missing__(self, column: str) -> FromRow:
        return FromRow(self, column)


def known(value: Any, moment: datetime) -> Any:
    """Give a value after its row was written; `moment` is the transaction's time."""
    if isinstance(value, FromRow):
        return value.known
    if isinstance(value, Now):
        return moment if value.not_before is None else max(moment, value.not_before)
    if isinstance(value, list):
        return [known(item, moment) for item in value]
    return value


class RowView:
    """A row as it is at one moment: columns by name as attributes or by position, JSON as text."""

    __slots__ = ("_table", "_values")

    def __init__(self, table: Table, values: Mapping[str, Any]) -> None:
        self._table = table
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, position: int) -> Any:
        return self._values[column_names(self._table)[position]]


@dataclass(slots=True)
class KeptRow:
    """What is known of a row.

    `changed` names the columns that are to be written. `is_unread` tells that values may be
    `Later`, until the row is written.
    """

    table: Table
    values: dict[str, Any]
    is_new: bool = False
    is_unread: bool = False
    is_locked: bool = False
    changed: set[str] = field(default_factory=set)

    @property
    def row(self) -> Row[Any]:
        """The row as it is now; later changes do not show in it."""
        return cast("Row[Any]", RowView(self.table, self.values))

    def settle(self, moment: datetime) -> None:
        """Put what is known now in the place of what was not."""
        if self.is_unread:
            for name, value in self.values.items():
                if isinstance(value, Later):
                    self.values[name] = known(value, moment)
            self.is_unread = False

    def has_been_written(self) -> None:
        """Note that the row is stored as it is."""
        self.is_new = self.is_unread = False
        self.changed.clear()

    def set(self, values: Mapping[str, Any]) -> None:
        """Change columns of the row."""
        self.values = {**self.values, **as_text(self.table, values)}
        self.changed.update(values)
        self.is_unread = self.is_unread or any(isinstance(v, Later) for v in values.values())


class KeptRows:
    """The rows that a recording knows: those that are locked or new, and those that it only saw."""

    def __init__(self) -> None:
        self._locked: dict[Table, dict[UUID, KeptRow]] = {}
        self._seen: dict[Table, dict[UUID, KeptRow]] = {}
        self._ids: dict[tuple[Table, frozenset[tuple[str, Any]]], UUID] = {}

    def find(self, table: Table, key: Mapping[str, Any]) -> KeptRow | None:
        """Give the row of a unique key, if it is known."""
        own_id = key.get("id") or self._ids.get((table, frozenset(key.items())))
        for rows in (self._locked, self._seen):
            kept = None if own_id is None else rows.get(table, {}).get(own_id)
            if kept is not None:
                return kept
        return None

    def keep(self, kept: KeptRow) -> KeptRow:
        """Keep a row. One that was only seen is known until something is locked."""
        table, values = kept.table, kept.values
        rows = self._locked if kept.is_locked else self._seen
        rows.setdefault(table, {})[values["id"]] = kept
        for columns in unique_keys(table):
            key = [(name, values[name]) for name in columns]
            if not any(isinstance(value, Later) for _, value in key):
                self._ids[table, frozenset(key)] = values["id"]
        return kept

    def forget_seen(self) -> None:
        """Forget the rows that others may have changed while a lock was waited for."""
        self._seen.clear()

    def clear(self) -> None:
        """Forget all rows."""
        self._locked.clear()
        self._seen.clear()
        self._ids.clear()


@lru_cache(64)
def column_names(table: Table) -> tuple[str, ...]:
    """Give the names of a table's columns in order."""
    return tuple(table.c.keys())


def values_of(table: Table, row: Sequence[Any]) -> dict[str, Any]:
    """Give the values by column of a row that was read whole; what stands behind is left out."""
    return dict(zip(column_names(table), row, strict=False))


def blank_row(table: Table, moment: datetime | None) -> dict[str, Any]:
    """Give the values that a row has where none are given: defaults and nulls.

    `moment` is the transaction's time, if it is known.
    """
    blank = _blank_row(table)
    if moment is None:
        return blank
    return {name: moment if value is NOW else value for name, value in blank.items()}


@lru_cache(64)
def _blank_row(table: Table) -> dict[str, Any]:
    numbered = numbered_columns(table)
    return {
        column.name: None
        if column.server_default is None or column.name in numbered  # known when it is written
        else _default(column)
        for column in table.c
    }


def _default(column: Column[Any]) -> Any:
    default: Any = getattr(column.server_default, "arg", None)
    if isinstance(default, now):
        return NOW
    text = (default.text if isinstance(default, TextClause) else str(default)).strip("'")
    match column.type:
        case ARRAY():
            return []
        case Boolean():
            return text == "true"
        case Integer():
            return int(text)
        case Numeric():
            return Decimal(text)
        case _:
            return text


@lru_cache(64)
def unique_keys(table: Table) -> tuple[tuple[str, ...], ...]:
    """Give the columns of each unique constraint of a table, without the project."""
    keys = [
        tuple(column.name for column in constraint.columns if column.name != "project_id")
        for constraint in table.constraints
        if isinstance(constraint, Unique)
    ]
    return tuple(keys)


@lru_cache(64)
def _json_columns(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.c if isinstance(column.type, JSON))


@lru_cache(64)
def rewritten_columns(table: Table) -> frozenset[str]:
    """Name the columns whose values PostgreSQL keeps in a spelling of its own."""
    return frozenset(
        column.name
        for column in table.c
        if isinstance(column.type, JSONB)
        or (isinstance(column.type, ARRAY) and isinstance(column.type.item_type, REAL))
    )


@lru_cache(64)
def numbered_columns(table: Table) -> Mapping[str, ColumnElement[Any]]:
    """Give the expressions of the columns whose values a sequence gives, by column."""
    defaults = {column.name: getattr(column.server_default, "arg", None) for column in table.c}
    return {name: given for name, given in defaults.items() if isinstance(given, next_value)}


def as_text(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write JSON values as the text that a row has of them."""
    converted = dict(values)
    for name in _json_columns(table):
        value = converted.get(name)
        if value is not None:
            converted[name] = write_json(value)
    return converted
