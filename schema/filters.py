"""The `filter` of connections, made from the fields that a node declares.

`filter_type` gives every column and link of a node its comparator. A noun's module calls it, and a
connection refers to what it made by name (`schema.session.SessionFilter`), so that nouns can link
to each other.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, get_args

import strawberry
from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from strawberry.types.base import get_object_definition

from resolvers.filters import FilterColumn
from resolvers.identifiers import OWN_NAMES, table_of
from resolvers.validation import camel_case
from schema.declarations import ColumnField, IdentityField, OneField
from schema.scalars import JSON, BigInt

FILTER_COLUMNS: dict[Table, dict[str, FilterColumn]] = {}
"""The columns that a table's rows are filtered by, by the name of the field."""

_OPERATORS = {
    "eq": "Equal to this.",
    "ne": "Not equal to this; null is equal to nothing, so it is found.",
    "in": "Equal to one of these, at most 200.",
    "lt": "Less than this.",
    "lte": "Less than this or equal to it.",
    "gt": "Greater than this.",
    "gte": "Greater than this or equal to it.",
    "isNull": "Null if true, not null if false.",
}
_LISTS = {"in"}


def _input(name: str, description: str, members: dict[str, tuple[str, Any, str]]) -> type[Any]:
    """Make an input type: GraphQL name to Python name, type and description; all optional."""
    body: dict[str, Any] = {"__annotations__": {}}
    for graphql_name, (python_name, kind, text) in members.items():
        body["__annotations__"][python_name] = kind | None
        body[python_name] = strawberry.field(
            name=graphql_name, default=strawberry.UNSET, description=text
        )
    made = type(name, (), body)
    return strawberry.input(made, name=name, description=description)


def _comparator(name: str, description: str, kind: Any, operators: str) -> type[Any]:
    members = {}
    for operator in operators.split():
        operand = list[kind] if operator in _LISTS else bool if operator == "isNull" else kind
        python_name = {"in": "in_", "isNull": "is_null"}.get(operator, operator)
        members[operator] = (python_name, operand, _OPERATORS[operator])
    return _input(name, description, members)


_TEXT = _input(
    "StringFilter",
    "Compares text, letter for letter.",
    {
        "eq": ("eq", str, _OPERATORS["eq"]),
        "ne": ("ne", str, _OPERATORS["ne"]),
        "in": ("in_", list[str], _OPERATORS["in"]),
        "contains": ("contains", str, "Holds this text, in capital or small letters."),
        "isNull": ("is_null", bool, _OPERATORS["isNull"]),
    },
)
_LIST = _input(
    "StringListFilter",
    "Compares a list of text.",
    {
        "contains": ("contains_all", list[str], "Holds all of these, at most 200."),
        "overlaps": ("overlaps", list[str], "Holds at least one of these, at most 200."),
    },
)
_JSON = _input(
    "JSONFilter",
    "Looks into a JSON document.",
    {
        "contains": (
            "contains_json",
            JSON,
            'Holds this: `{"a": {"b": 1}}` is in `{"a": {"b": 1, "c": 2}}`, `[1]` is in `[2, 1]`.',
        ),
        "isNull": ("is_null", bool, _OPERATORS["isNull"]),
    },
)
_ORDERED = "eq ne in lt lte gt gte isNull"
_COMPARATORS: dict[Any, type[Any]] = {
    str: _TEXT,
    list[str]: _LIST,
    JSON: _JSON,
    bool: _comparator("BooleanFilter", "Compares true and false.", bool, "eq"),
    int: _comparator("IntFilter", "Compares whole numbers.", int, _ORDERED),
    BigInt: _comparator("BigIntFilter", "Compares whole numbers of 64 bits.", BigInt, _ORDERED),
    float: _comparator("FloatFilter", "Compares numbers.", float, _ORDERED),
    Decimal: _comparator("DecimalFilter", "Compares decimal numbers.", Decimal, _ORDERED),
    datetime: _comparator("DateTimeFilter", "Compares moments.", datetime, _ORDERED),
}
_ID = _comparator("IDFilter", "Compares ids.", strawberry.ID, "eq ne in isNull")
_ID_OR_NAME = _comparator(
    "IDOrNameFilter",
    "Compares ids; where one is wanted, the runtime's own name will do.",
    strawberry.ID,
    "eq ne in isNull",
)


def _comparator_of(annotation: Any) -> type[Any] | None:
    """Give the comparator of a field's type; None where it cannot be compared."""
    kind = next((each for each in get_args(annotation) if each is not type(None)), annotation)
    kind = annotation if annotation in _COMPARATORS else kind
    if isinstance(kind, type) and issubclass(kind, Enum) and kind not in _COMPARATORS:
        name = f"{kind.__name__}Filter"
        _COMPARATORS[kind] = _comparator(name, "Compares the value.", kind, "eq ne in")
    return _COMPARATORS.get(kind)


def filter_type(node: type[Any], model: type[Any]) -> type[Any]:
    """Make the filter of a node's connections; its name is the node's with `Filter`."""
    table = table_of(model)
    noun = get_object_definition(node, strict=True).name
    name = f"{noun}Filter"
    columns: dict[str, FilterColumn] = {}
    members: dict[str, tuple[str, Any, str]] = {}
    itself = Annotated[name, strawberry.lazy(node.__module__)]  # type: ignore[valid-type]
    for python_name, annotation, declaration in _declared(node):
        filtered = _filtered(table, declaration)
        if filtered is None:
            continue
        column, refers_to = filtered
        comparator: Any = _comparator_of(annotation)
        if refers_to is not None:
            comparator = _ID_OR_NAME if refers_to in OWN_NAMES else _ID
        if comparator is None:
            continue
        columns[python_name] = FilterColumn(column.name, refers_to)
        way = "" if _has_index(column) else " Has no index: rows are read one by one."
        graphql_name = camel_case(python_name)
        members[graphql_name] = (python_name, comparator, f"Compares `{graphql_name}`.{way}")
    members["and"] = ("and_", list[itself], "All of these hold.")
    members["or"] = ("or_", list[itself], "At least one of these holds.")
    members["not"] = ("not_", itself, "This does not hold.")
    FILTER_COLUMNS[table] = columns
    return _input(
        name, f"What the rows of a connection of {noun} must be like; all of it.", members
    )


def _declared(node: type[Any]) -> Iterator[tuple[str, Any, Any]]:
    for declared in get_object_definition(node, strict=True).fields:
        annotation = node.__annotations__.get(declared.python_name)
        yield declared.python_name, annotation, declared.metadata.get("declaration")


def _filtered(table: Table, declaration: Any) -> tuple[Column[Any], Table | None] | None:
    """Give the column that a field shows, and the table whose ids it holds; None for others."""
    columns = list(table.c)
    match declaration:
        case IdentityField():
            return table.c.id, table
        case ColumnField(position, is_json):
            column = columns[position]
            return None if is_json and not isinstance(column.type, JSONB) else (column, None)
        case OneField(loader, int(position)) if columns[position].name != "id":
            return columns[position], loader.table
    return None


def _has_index(column: Column[Any]) -> bool:
    """Whether an index finds the rows of a project by this column."""
    table = column.table
    if not isinstance(table, Table):
        raise TypeError(table)
    keys = [list(index.columns) for index in table.indexes if _has_all(index, column)]
    keys += [
        list(constraint.columns)
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
    ]
    keys.append(list(table.primary_key.columns))
    return any(key[:2] == [table.c.project_id, column] or key == [column] for key in keys)


def _has_all(index: Index, column: Column[Any]) -> bool:
    """Whether an index has all rows that a comparison with a column can find."""
    condition = index.dialect_options["postgresql"]["where"]
    return condition is None or str(condition) == f"{column.name} IS NOT NULL"
