"""Rows that a batch keeps in memory, as they are and as they will be written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

from orjson import Fragment
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Integer,
    Numeric,
    Row,
    Table,
    TextClause,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.sql.functions import now

from models.base import write_json


class RowView:
    """A row as it is at one moment of the batch: columns are attributes, JSON ones text."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(slots=True)
class KeptRow:
    """What is known of a row. `changed` names the columns that are to be written."""

    values: dict[str, Any]
    is_new: bool = False
    is_locked: bool = False
    changed: set[str] = field(default_factory=set)

    @property
    def row(self) -> Row[Any]:
        """The row as it is now; later changes do not show in it."""
        return cast("Row[Any]", RowView(self.values))


def values_of(row: Row[Any]) -> dict[str, Any]:
    """Give a row's values by column."""
    return dict(row._mapping)  # noqa: SLF001  public, in spite of its name


NOW = object()


@lru_cache(64)
def server_defaults(table: Table) -> dict[str, Any]:
    """Give the defaults of a table's columns; the time of the transaction is `NOW`."""
    return {
        column.name: _default(column) for column in table.c if column.server_default is not None
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
        if isinstance(constraint, UniqueConstraint)
    ]
    return tuple(keys)


@lru_cache(64)
def _json_columns(table: Table) -> frozenset[str]:
    return frozenset(column.name for column in table.c if isinstance(column.type, JSON))


def as_text(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Write JSON values as the text that a row has of them."""
    return _convert(table, values, write_json)


def as_json(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a row's values to write: its JSON is text already."""
    return _convert(table, values, Fragment)


def _convert(
    table: Table, values: Mapping[str, Any], convert: Callable[[Any], Any]
) -> dict[str, Any]:
    converted = dict(values)
    for name in _json_columns(table):
        value = converted.get(name)
        if value is not None:
            converted[name] = convert(value)
    return converted
