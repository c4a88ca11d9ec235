"""Values of statements, or parameters in their place, so that a statement is written only once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Uuid, any_, bindparam
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


def any_of(values: Iterable[Any], kind: type[TypeEngine[Any]] = Uuid) -> Any:
    """Give what a column equals that is one of some values: one array, however many they are."""
    return any_(bindparam(None, list(values), ARRAY(kind)))
