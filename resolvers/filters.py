"""Filters: what the rows of a connection must be like.

`read_filter` makes a filter of what the client gave, `where` makes SQL of a filter. A filter is
immutable and hashable, so that equal ones share a batch, and a cursor can carry its signature.

Conditions are true or false, never unknown: a null differs from every value, so `ne` and `not`
find rows where the column is null.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt
from typing import Any, TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Table,
    Text,
    and_,
    any_,
    cast,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from resolvers.batch_loading import PROJECT
from resolvers.errors import Invalid
from resolvers.identifiers import OWN_NAMES, decode, decode_as
from resolvers.parameter import Parameter, bound
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
        conditions.append(_condition(column, operator, _operand(column, operator, operand, field)))
    return conditions


_SPELLED = {"contains_json": "contains", "contains_all": "contains"}
"""Operators that a client calls by another name."""


def _condition(column: FilterColumn, operator: str, operand: Any) -> Filter:
    """Compare ids with ids, and with the runtime's own names by an operator of its own."""
    operands = operand if isinstance(operand, tuple) else (operand,)
    names = tuple(each for each in operands if not isinstance(each, UUID))
    if column.refers_to is None or operator == "is_null" or not names:
        return Condition(column, operator, operand)
    named = Condition(column, "in_named", names)
    if operator == "in_":
        ids = tuple(each for each in operands if isinstance(each, UUID))
        return Some((Condition(column, "in_", ids), named))
    return Not(named) if operator == "ne" else named


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


def with_parameters(part: Filter, name: str, values: dict[str, Any]) -> Filter:
    """Put parameters in place of a filter's values, and the values into `values` by their names."""
    match part:
        case Every(parts) | Some(parts):
            inner = [
                with_parameters(each, f"{name}_{place}", values) for place, each in enumerate(parts)
            ]
            return type(part)(tuple(inner))
        case Not(each):
            return Not(with_parameters(each, name, values))
        case Condition(operator="is_null"):
            return part
        case Condition(column, operator, operand):
            values[name] = _to_bind(operator, operand)
            return Condition(column, operator, Parameter(name))


def assuming(part: Filter, name: str, value: str) -> Filter:
    """Give what a filter comes to where a text column, which only `eq ne in` compare, has a value.

    So a row can be judged as it was before.
    """
    match part:
        case Every(parts) | Some(parts):
            return type(part)(tuple(assuming(each, name, value) for each in parts))
        case Not(each):
            return Not(assuming(each, name, value))
        case Condition(FilterColumn(name=compared), operator, operand) if compared == name:
            holds = {
                "eq": value == operand,
                "ne": value != operand,
                "in_": operator == "in_" and value in operand,
                "is_null": not operand,
            }
            return Every(()) if holds[operator] else Some(())
    return part


def where(part: Filter | None, table: Table) -> ColumnElement[bool]:
    """Make the SQL condition of a filter."""
    match part:
        case Every(parts):
            return and_(true(), *[where(inner, table) for inner in parts])
        case Some(parts):
            return or_(false(), *[where(inner, table) for inner in parts])
        case Not(inner):
            return where(inner, table).is_not(true())
        case Condition():
            return _condition_on(table.c[part.column.name], part)
    return true()


def _condition_on(column: Column[Any], condition: Condition) -> ColumnElement[bool]:
    operator, operand = condition.operator, condition.operand
    if operator == "is_null":
        return column.is_(None) if operand else column.is_not(None)
    value = bound(_to_bind(operator, operand), _type_of(operator, column))
    if operator == "in_named" and condition.column.refers_to is not None:
        return column == any_(_named(condition.column.refers_to, value))
    return _OPERATORS[operator](column, value)


def _to_bind(operator: str, operand: Any) -> Any:
    """Give what a statement compares with."""
    if operator == "contains" and isinstance(operand, str):
        return re.sub("[/%_]", r"/\g<0>", operand)
    return list(operand) if isinstance(operand, tuple) else operand


def _type_of(operator: str, column: Column[Any]) -> TypeEngine[Any]:
    """Give the type of an operator's operand."""
    match operator:
        case "in_":  # one parameter, however many values, so that the statement stays the same
            return ARRAY(column.type)
        case "in_named":
            return ARRAY(Text)
        case "contains" | "contains_json":
            return Text()
    return column.type


def _named(table: Table, names: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give the ids of rows by the runtime's own names, as an array."""
    columns = table.alias().c
    own_name = columns[OWN_NAMES[table]]
    ids = select(columns.id).where(columns.project_id == PROJECT, own_name == any_(names))
    return func.array(ids.scalar_subquery())


_OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": eq,
    "ne": lambda column, value: column.is_distinct_from(value),
    "in_": lambda column, values: column == any_(values),
    "lt": lt,
    "lte": le,
    "gt": gt,
    "gte": ge,
    "contains": lambda column, text: column.icontains(text, escape="/"),
    "contains_json": lambda column, text: column.contains(cast(text, JSONB)),
    "contains_all": lambda column, values: column.contains(values),
    "overlaps": lambda column, values: column.overlap(values),
}
