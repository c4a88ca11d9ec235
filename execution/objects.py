"""Makes response objects of rows: one generated function for each selection.

The function holds a dict display with the selection's keys in order, such as
`{"id": "session_" + encode(row[2]), "messages": values[1][row[2]]}`: what is below a row is
there already, in the values of later steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Numeric, Uuid
from typeid.base32 import encode

from execution.collect import Unplannable
from execution.plan import Columns, MakeObject
from resolvers.identifiers import PREFIXES
from schema.declarations import ColumnField, ComputedField, IdentityField


@dataclass(frozen=True, slots=True)
class Member:
    """A key of an object, the Python expression of its value, and its condition if it has one."""

    key: str
    expression: str
    condition: int | None = None


def json(text: str | None) -> orjson.Fragment | None:
    """Let a JSON column's text go into the response as it is."""
    return None if text is None else orjson.Fragment(text)


def text(value: Any) -> str | None:
    """Write a decimal."""
    return None if value is None else str(value)


def subject(values: Mapping[str, Mapping[Any, Any]], prefix: str | None, key: Any) -> Any:
    """Find what two columns name."""
    return values[prefix].get(key) if prefix and prefix in values else None


def make_objects_of(members: Sequence[Member], functions: dict[str, Any]) -> MakeObject:
    """Generate the function; `functions` are those that expressions call by other names."""
    if any(member.condition is not None for member in members):
        lines = ["    made = {}"]
        for member in members:
            indent = "    "
            if member.condition is not None:
                lines.append(f"    if holds[{member.condition}]:")
                indent = "        "
            lines.append(f"{indent}made[{member.key!r}] = {member.expression}")
        lines.append("    return made")
    else:
        pairs = ", ".join(f"{member.key!r}: {member.expression}" for member in members)
        lines = [f"    return {{{pairs}}}"]
    source = "\n".join(["def make(row, holds, values):", *lines])
    names = {"encode": encode, "json": json, "text": text, "subject": subject, **functions}
    # of names that GraphQL's grammar allows, and of numbers; nothing of a client's values
    exec(source, names)  # noqa: S102
    made: MakeObject = names["make"]
    return made


def expression_of(declaration: Any, columns: Columns, functions: dict[str, Any]) -> str:
    """Give the Python expression of a leaf, from the row's values."""
    table_columns = list(columns.table.c)
    match declaration:
        case IdentityField():
            prefix = f"{PREFIXES[columns.table]}_"
            value = f"row[{columns.position('id')}]{'.bytes' if columns.are_whole else ''}"
            return f"{prefix!r} + encode({value})"
        case ColumnField(position, is_json):
            column = table_columns[position]
            value = f"row[{columns.position(column.name)}]"
            if is_json:
                return f"json({value})"
            if isinstance(column.type, Uuid):
                raise Unplannable(column.name)  # read as bytes
            is_decimal = isinstance(column.type, Numeric) and column.type.python_type is Decimal
            return f"text({value})" if is_decimal else value
        case ComputedField(positions, function):
            names = [table_columns[position].name for position in positions]
            values = ", ".join(f"row[{columns.position(name)}]" for name in names)
            called = f"function_{len(functions)}"
            functions[called] = function
            return f"{called}({values})"
    raise Unplannable(declaration)
