"""Which statements of a revision keep others from writing, as PostgreSQL's parser reads them.

What is not known to be harmless is refused. The locks are those of
https://www.postgresql.org/docs/current/explicit-locking.html and of each statement's own page.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import AlterTableType, ConstrType, ObjectType
from pglast.visitors import Visitor

_HARMLESS = (
    ast.SelectStmt,
    ast.VariableSetStmt,
    ast.CreateSeqStmt,
    ast.AlterSeqStmt,
    ast.CommentStmt,
    ast.TransactionStmt,
)
_CATALOGUE_ONLY = {
    AlterTableType.AT_DropNotNull,
    AlterTableType.AT_ColumnDefault,
    AlterTableType.AT_DropConstraint,
    AlterTableType.AT_SetRelOptions,
}
_CONSTANT_FUNCTIONS = {"now", "statement_timestamp", "transaction_timestamp"}
"""Of defaults: evaluated once for all rows that are there."""
_VERSION_TABLE = "alembic_version"


@dataclass
class _Revision:
    """What is known of a revision while its statements are read in their order."""

    made: set[str] = field(default_factory=lambda: {_VERSION_TABLE})
    """Tables that are its own: nobody waits for them."""
    validated: set[str] = field(default_factory=set)
    """Tables of which it has validated a constraint."""


def locking_statements(statements: Iterable[str]) -> list[str]:
    """Give why a revision's statements would keep others waiting; none if they do not."""
    revision = _Revision()
    found: list[str] = []
    for statement in statements:
        for raw in parse_sql(statement) or ():
            found += _judge(raw.stmt, revision)
    return found


def _judge(statement: Any, revision: _Revision) -> Iterator[str]:
    if isinstance(statement, _HARMLESS):
        return
    judge = _JUDGES.get(type(statement))
    if judge is None:
        yield f"{type(statement).__name__} is not known to be harmless"
    else:
        yield from judge(statement, revision)


def _create_table(statement: Any, revision: _Revision) -> Iterator[str]:
    revision.made.add(statement.relation.relname)
    yield from ()


def _create_index(statement: Any, revision: _Revision) -> Iterator[str]:
    table = statement.relation.relname
    if table not in revision.made and not statement.concurrent:
        yield f"CREATE INDEX on {table} without CONCURRENTLY"


def _drop(statement: Any, revision: _Revision) -> Iterator[str]:
    names = [parts[-1].sval for parts in statement.objects]
    if statement.removeType == ObjectType.OBJECT_INDEX:
        if not statement.concurrent:
            yield f"DROP INDEX {', '.join(names)} without CONCURRENTLY"
    elif not revision.made.issuperset(names):
        yield f"DROP of {', '.join(names)}, which the release before may use"


def _write(statement: Any, revision: _Revision) -> Iterator[str]:
    table = statement.relation.relname
    if table not in revision.made:
        yield f"{type(statement).__name__} of {table}, whose rows are locked to the end"


def _alter_table(statement: Any, revision: _Revision) -> Iterator[str]:
    table = statement.relation.relname
    if table not in revision.made:
        for command in statement.cmds:
            yield from (f"{table}: {why}" for why in _alter(table, command, revision))


def _alter(table: str, command: Any, revision: _Revision) -> Iterator[str]:
    match command.subtype:
        case AlterTableType.AT_AddColumn:
            yield from _add_column(command.def_)
        case AlterTableType.AT_AddConstraint:
            if not (command.def_.skip_validation or command.def_.indexname):
                yield "ADD CONSTRAINT without NOT VALID or USING INDEX"
        case AlterTableType.AT_ValidateConstraint:
            revision.validated.add(table)
        case AlterTableType.AT_SetNotNull:
            if table not in revision.validated:
                yield "SET NOT NULL without a validated constraint reads every row"
        case other if other not in _CATALOGUE_ONLY:
            yield f"{AlterTableType(other).name} is not known to be harmless"


def _add_column(column: Any) -> Iterator[str]:
    if any(name.sval in {"serial", "bigserial"} for name in column.typeName.names):
        yield f"the column {column.colname} has another value in each row"
    for constraint in column.constraints or ():
        match constraint.contype:
            case ConstrType.CONSTR_NULL | ConstrType.CONSTR_NOTNULL:
                pass  # PostgreSQL refuses the second without a default
            case ConstrType.CONSTR_DEFAULT:
                called = _Functions()
                called(constraint.raw_expr)
                if not called.names <= _CONSTANT_FUNCTIONS:
                    yield f"the default of {column.colname} may differ from row to row"
            case other:
                yield f"{ConstrType(other).name} of {column.colname} is for every row"


class _Functions(Visitor):
    """Collects the functions of an expression."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_FuncCall(self, _ancestors: object, node: Any) -> None:  # noqa: N802
        self.names.add(node.funcname[-1].sval)


_JUDGES: dict[type[ast.Node], Callable[..., Iterator[str]]] = {
    ast.CreateStmt: _create_table,
    ast.IndexStmt: _create_index,
    ast.DropStmt: _drop,
    ast.InsertStmt: _write,
    ast.UpdateStmt: _write,
    ast.DeleteStmt: _write,
    ast.AlterTableStmt: _alter_table,
}
