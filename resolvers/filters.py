"""Filters: what the rows of a connection must be like.

`read_filter` makes a filter of what the client gave, `where` makes SQL of a filter. A filter is
immutable and hashable, so that equal ones share a batch, and a cursor can carry its signature.

Conditions are true or false, never unknown: a null differs from every value, so `ne` and `not`
find rows where the column is null.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    ScalarSelect,
    Table,
    and_,
    any_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
)

from resolvers.batch_loading import PROJECT
from resolvers.errors import Invalid
from resolvers.identifiers import OWN_NAMES, decode, decode_as
from resolvers.validation import camel_case, check_json, check_name, check_operand

MAXIMUM_CONDITIONS = 50
MAXIMUM_FILTER_DEPTH = 10
MAXIMUM_OPERANDS = 200


@dataclass(frozen=True)
class FilterColumn:
    """A column to filter by. `refers_to` is the table whose ids it holds, if it holds ids."""

    name: str
    refers_to: Table | None = None


@dataclass(frozen=True)
class Condition:
    """A column compared with an operand: a value, a tuple of values, or JSON as text."""

    column: FilterColumn
    operator: str
    operand: Any


@dataclass(frozen=True)
class Every:
    """All of the parts hold; so it is if there are none."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Some:
    """At least one of the parts holds; so it is not if there are none."""

    parts: tuple["Filter", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Filter"


Filter: TypeAlias = Condition | Every | Some | Not


def read_filter(given: Mapping[str, Any], columns: Mapping[str, FilterColumn]) -> Filter:
    """Read a filter: operators and operands by field, and `and_`, `or_`, `not_`.

    Raises `Invalid`, naming the place in the filter.
    """
    conditions = 0

    def read(level: Mapping[str, Any], path: str, depth: int) -> Filter:
        nonlocal conditions
        if depth > MAXIMUM_FILTER_DEPTH:
            raise Invalid(f"Must not be nested deeper than {MAXIMUM_FILTER_DEPTH}.", field=path)
        parts: list[Filter] = []
        for name, value in level.items():
            field = f"{path}.{camel_case(name.rstrip('_'))}"
            if value is None:
                raise Invalid("Must not be null; leave it out instead.", field=field)
            if name == "not_":
                parts.append(Not(read(value, field, depth + 1)))
            elif name in _JOINED:
                inner = [
                    read(item, f"{field}.{index}", depth + 1) for index, item in enumerate(value)
                ]
                parts.append(_JOINED[name](tuple(inner)))
            else:
                conditions += len(value)
                parts.extend(_conditions(columns[name], value, field))
            if conditions > MAXIMUM_CONDITIONS:
                raise Invalid(f"A filter has at most {MAXIMUM_CONDITIONS} conditions.", field=field)
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    return read(given, "filter", 1)


_JOINED: dict[str, Callable[[tuple[Filter, ...]], Filter]] = {"and_": Every, "or_": Some}


def _conditions(column: FilterColumn, value: Mapping[str, Any], path: str) -> list[Filter]:
    conditions: list[Filter] = []
    for operator, operand in value.items():
        spelled = _SPELLED.get(operator, camel_case(operator.rstrip("_")))
        field = f"{path}.{spelled}"
        if operand is None:
            raise Invalid("Must not be null; `isNull` finds nulls.", field=field)
        conditions.append(Condition(column, operator, _operand(column, operator, operand, field)))
    return conditions


_SPELLED = {"contains_json": "contains", "contains_all": "contains"}
"""Operators that a client calls by another name."""


def _operand(column: FilterColumn, operator: str, operand: Any, field: str) -> Any:
    if operator == "contains_json":
        check_json(operand, field)
        return orjson.dumps(operand, option=orjson.OPT_SORT_KEYS).decode()
    if isinstance(operand, list):
        if len(operand) > MAXIMUM_OPERANDS:
            raise Invalid(f"Give at most {MAXIMUM_OPERANDS} values.", field=field)
        return tuple(_value(column, item, f"{field}.{index}") for index, item in enumerate(operand))
    return _value(column, operand, field)


def _value(column: FilterColumn, value: Any, field: str) -> Any:
    if column.refers_to is None or isinstance(value, bool):
        check_operand(value, field)
        return value
    if column.refers_to in OWN_NAMES and decode(value) is None:
        check_name(value, field)
        return str(value)
    return decode_as(column.refers_to, value, field)


def where(part: Filter | None, table: Table) -> ColumnElement[bool]:
    """Make the SQL condition of a filter."""
    match part:
        case None:
            return true()
        case Every(parts):
            return and_(true(), *[where(inner, table) for inner in parts])
        case Some(parts):
            return or_(false(), *[where(inner, table) for inner in parts])
        case Not(inner):
            return where(inner, table).is_not(true())
        case Condition(column, operator, operand):
            if column.refers_to is not None and operator != "is_null":
                return _reference(table.c[column.name], column.refers_to, operator, operand)
            return _OPERATORS[operator](table.c[column.name], operand)


def _is_null(column: Column[Any], operand: bool) -> ColumnElement[bool]:  # noqa: FBT001
    return column.is_(None) if operand else column.is_not(None)


def _is_in(column: Column[Any], operand: Sequence[Any]) -> ColumnElement[bool]:
    # one parameter, however many values, so that the statement stays the same
    return column == any_(bindparam(None, list(operand), type_=ARRAY(column.type)))


_OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda column, operand: column == operand,
    "ne": lambda column, operand: column.is_distinct_from(operand),
    "in_": _is_in,
    "lt": lambda column, operand: column < operand,
    "lte": lambda column, operand: column <= operand,
    "gt": lambda column, operand: column > operand,
    "gte": lambda column, operand: column >= operand,
    "is_null": _is_null,
    "contains": lambda column, operand: column.icontains(operand, autoescape=True),
    "contains_json": lambda column, operand: column.contains(orjson.Fragment(operand)),
    "contains_all": lambda column, operand: column.contains(list(operand)),
    "overlaps": lambda column, operand: column.overlap(list(operand)),
}


def _reference(
    column: Column[Any], refers_to: Table, operator: str, operand: Any
) -> ColumnElement[bool]:
    """Compare ids with ids, or with the runtime's own names for them."""
    if operator == "in_":
        ids = [value for value in operand if isinstance(value, UUID)]
        names = [value for value in operand if not isinstance(value, UUID)]
        condition = _is_in(column, ids)
        if names:
            condition = or_(condition, column == any_(func.array(_named(refers_to, names))))
        return condition
    if isinstance(operand, UUID):
        return _OPERATORS[operator](column, operand)
    return _OPERATORS[operator](column, _named(refers_to, [operand]))


def _named(table: Table, names: list[str]) -> ScalarSelect[Any]:
    """Select the ids of rows by the runtime's own names."""
    columns = table.alias().c
    own_name = columns[OWN_NAMES[table]]
    condition = own_name == names[0] if len(names) == 1 else _is_in(own_name, names)
    return select(columns.id).where(columns.project_id == PROJECT, condition).scalar_subquery()
