"""Why the store refuses rows, with the line of the file that is at fault."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from asyncpg import ForeignKeyViolationError, PostgresError
from sqlalchemy import CheckConstraint, Constraint, Table, UniqueConstraint
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from exchange.archive.layout import members
from exchange.archive.read_lines import ArchivedRow
from resolvers.identifiers import PREFIXES

_DIALECT: Any = dialect()  # type: ignore[no-untyped-call]


class RefusedError(Exception):
    """Rows that cannot be restored; `line` is the one at fault, where it is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def refused(error: PostgresError, table: Table, rows: Sequence[ArchivedRow]) -> RefusedError:
    """Say which of a table's rows the database refused, and why."""
    detail = str(getattr(error, "detail", "") or "")
    copied = re.match(r"COPY \w+, line (\d+)", str(getattr(error, "context", "") or ""))
    line = rows[int(copied[1]) - 1].line if copied else None
    missing = re.match(r"Key \(project_id, (\w+)\)=\(\d+, ([0-9a-f-]{36})\)", detail)
    if isinstance(error, ForeignKeyViolationError) and missing:
        column, key = missing[1], UUID(missing[2])
        line = next((row.line for row in rows if row.values.get(column) == key), None)
        return RefusedError(f"{_name(table, column)}: There is no such row.", line)
    constraint = _constraint(table, str(getattr(error, "constraint_name", "")))
    column = getattr(error, "column_name", None)
    if constraint is None:
        text = str(error).partition("\n")[0]
        return RefusedError(f"{_name(table, column)}: {text}." if column else f"{text}.", line)
    return RefusedError(_broken(table, constraint), line)


def _broken(table: Table, constraint: Constraint) -> str:
    noun = PREFIXES[table].replace("_", " ")
    if isinstance(constraint, CheckConstraint):
        text = str(constraint.sqltext)
        choices = re.fullmatch(r"(\w+) IN \((.*)\)", text)
        if choices:
            return f"{_name(table, choices[1])}: Must be one of {choices[2]}."
        return f"It must be that {text}."
    columns = [c.name for c in getattr(constraint, "columns", ()) if c.name != "project_id"]
    names = " and ".join(_name(table, column) for column in columns)
    return f"{names}: There is another {noun} with the same."


def _constraint(table: Table, name: str) -> Constraint | None:
    kept = (c for c in table.constraints if isinstance(c, CheckConstraint | UniqueConstraint))
    named: dict[str, Constraint] = {
        _DIALECT.identifier_preparer.format_constraint(c): c for c in kept
    }
    named[f"pk_{table.name}"] = table.primary_key
    return named.get(name)


def _name(table: Table, column: str) -> str:
    return next((each.name for each in members(table) if each.column.name == column), column)
