"""Values of statements, or parameters in their place, so that a statement is written only once."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam
from sqlalchemy.types import TypeEngine


@dataclass(frozen=True)
class Parameter:
    """Stands for a value that is given when the statement runs."""

    name: str


def parameter(column: ColumnElement[Any], name: str | None = None) -> BindParameter[Any]:
    """Give the parameter for a column's value, by the column's name or another."""
    return bindparam(name or column.key, type_=column.type)


def bound(value: Any, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """Bind a value of a column's type, or its parameter."""
    if isinstance(value, Parameter):
        return bindparam(value.name, type_=kind)
    return bindparam(None, value, type_=kind)
