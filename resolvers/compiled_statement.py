"""Statements that SQLAlchemy writes once and the driver runs by itself.

SQLAlchemy's own execution costs more than many a statement. The text of a compiled one is kept by
whoever made it; its values go to the driver as they are, so JSON is given and comes back as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.dialects.postgresql.asyncpg import dialect

_DIALECT: Dialect = dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class CompiledStatement:
    """The text of a statement, and the names of its parameters in the order of $1 and so on."""

    text: str
    names: tuple[str, ...]

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Give the values of the parameters in their order."""
        return [values[name] for name in self.names]


def compile_statement(statement: ClauseElement) -> CompiledStatement:
    """Write a statement, all of whose values are named parameters."""
    compiled: Any = statement.compile(dialect=_DIALECT)
    return CompiledStatement(str(compiled), tuple(compiled.positiontup or ()))
