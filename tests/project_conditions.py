"""Whether a statement reads and writes rows of one project alone, as PostgreSQL's parser reads it.

In each SELECT, UPDATE and DELETE every table with a `project_id` must be held to the project, by
`project_id = $n` or by `project_id = other.project_id` where the other table is. Each INSERT must
give a parameter for it. https://pypi.org/project/pglast/
"""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from pglast import ast, parse_sql
from pglast.enums import A_Expr_Kind, BoolExprType, JoinType

from models import Base
from tests.statements import Statement

PROJECT_TABLES = {
    table.name for table in Base.metadata.sorted_tables if "project_id" in table.c
} - {"api_keys"}
"""The tables whose rows are of a project; a key is what tells the project, by its prefix."""


class NotHeldToProjectError(AssertionError):
    """A statement reaches rows of more than one project."""


@dataclass(frozen=True)
class ProjectUse:
    """What a statement does with projects."""

    tables: frozenset[str]
    parameters: frozenset[int]
    """The numbers of the parameters that give the project: 1 for `$1`."""


def project_use(statement: str) -> ProjectUse:
    """Find out what a statement does. Raises `NotHeldToProjectError`."""
    tables: set[str] = set()
    parameters: set[int] = set()
    for raw in parse_sql(statement) or ():
        _check(raw.stmt, frozenset(), tables, parameters)
    return ProjectUse(frozenset(tables), frozenset(parameters))


def check_statements(statements: Iterable[Statement], projects: Set[int]) -> ProjectUse:
    """Check statements and their arguments; give what they do, all together.

    Raises `NotHeldToProjectError` where the project that is given is another than these.
    """
    known: dict[str, ProjectUse] = {}
    for each in statements:
        use = known.get(each.query) or known.setdefault(each.query, project_use(each.query))
        for arguments in each.args if isinstance(each.args, list) else [each.args]:
            given = {arguments[number - 1] for number in use.parameters}
            _require(given <= projects, each, f"is of the projects {given}: {each.query}")
    tables = [use.tables for use in known.values()]
    return ProjectUse(frozenset().union(*tables), frozenset())


def _check(node: Any, held: frozenset[str], tables: set[str], parameters: set[int]) -> None:
    """Check a node and what is in it; `held` names the tables around it that are held."""
    match node:
        case ast.SelectStmt():
            sources, clauses = _sources(node.fromClause), node.fromClause
        case ast.UpdateStmt() | ast.DeleteStmt():
            clauses = node.fromClause if isinstance(node, ast.UpdateStmt) else node.usingClause
            sources = [node.relation, *_sources(clauses)]
            if isinstance(node, ast.UpdateStmt):
                changed = {target.name for target in node.targetList or ()}
                _require("project_id" not in changed, node, "moves a row to another project")
        case ast.InsertStmt():
            _check_insert(node, tables, parameters)
            sources, clauses = [], ()
        case _:
            sources, clauses = [], ()
    named = [each for each in sources if isinstance(each, ast.RangeVar)]
    found = {_name(each): str(each.relname) for each in named if each.relname in PROJECT_TABLES}
    where = _conjuncts(getattr(node, "whereClause", None))
    conditions = [_Condition(each) for each in where]
    for clause in clauses or ():
        conditions += _join_conditions(clause)
    own = _held(conditions, found, held, parameters)
    for name, table in found.items():
        _require(name in own, node, f"does not hold {name} to a project")
        tables.add(table)
    for inner in _inner(node):
        _check(inner, held | own, tables, parameters)


def _sources(clause: Sequence[Any] | None) -> list[Any]:
    """Give the tables and subqueries that a FROM names."""
    found = []
    for item in clause or ():
        found += _sources((item.larg, item.rarg)) if isinstance(item, ast.JoinExpr) else [item]
    return found


@dataclass(frozen=True)
class _Condition:
    """A condition that must be true of rows of the tables named; of all rows if it is None."""

    node: Any
    holds: frozenset[str] | None = None


def _join_conditions(item: Any) -> list[_Condition]:
    """Give the conditions of joins that keep rows out; those of a LEFT JOIN do so on the right."""
    if not isinstance(item, ast.JoinExpr):
        return []
    found = [*_join_conditions(item.larg), *_join_conditions(item.rarg)]
    if item.jointype == JoinType.JOIN_INNER:
        found += [_Condition(each) for each in _conjuncts(item.quals)]
    elif item.jointype == JoinType.JOIN_LEFT:
        tables = [each for each in _sources((item.rarg,)) if isinstance(each, ast.RangeVar)]
        right = frozenset(map(_name, tables))
        found += [_Condition(each, right) for each in _conjuncts(item.quals)]
    return found


def _conjuncts(node: Any) -> Iterator[Any]:
    """Give the conditions that must all be true."""
    if isinstance(node, ast.BoolExpr) and node.boolop == BoolExprType.AND_EXPR:
        for each in node.args or ():
            yield from _conjuncts(each)
    elif node is not None:
        yield node


def _held(
    conditions: Sequence[_Condition],
    found: dict[str, str],
    around: frozenset[str],
    parameters: set[int],
) -> frozenset[str]:
    """Give the tables that conditions hold to the project."""
    held: set[str] = set()
    links: list[tuple[str, str]] = []
    alone = next(iter(found)) if len(found) == 1 else None
    for condition in conditions:
        node = condition.node
        if not _equals(node):
            continue
        for one, other in ((node.lexpr, node.rexpr), (node.rexpr, node.lexpr)):
            name, value = _project_of(one), _without_cast(other)
            name = alone if name == "" else name
            if name is None or (condition.holds is not None and name not in condition.holds):
                continue
            if isinstance(value, ast.ParamRef):
                held.add(name)
                parameters.add(_number(value))
            elif linked := _project_of(other):
                links.append((name, linked))
    for _ in links:
        held |= {name for name, other in links if other in held | (around - found.keys())}
    return frozenset(held)


def _equals(node: Any) -> bool:
    return (
        isinstance(node, ast.A_Expr)
        and node.kind == A_Expr_Kind.AEXPR_OP
        and [each.sval for each in node.name or ()] == ["="]
    )


def _project_of(node: Any) -> str | None:
    """Give the table whose project a column is, "" where it is not said; None for what is none."""
    if not isinstance(node, ast.ColumnRef):
        return None
    *table, column = [getattr(each, "sval", None) for each in node.fields or ()]  # None is a star
    return str(table[-1] if table else "") if column == "project_id" else None


def _number(parameter: Any) -> int:
    return int(parameter.number)


def _without_cast(node: Any) -> Any:
    return _without_cast(node.arg) if isinstance(node, ast.TypeCast) else node


def _check_insert(node: Any, tables: set[str], parameters: set[int]) -> None:
    if node.relation.relname not in PROJECT_TABLES:
        return
    columns = [target.name for target in node.cols or ()]
    _require("project_id" in columns, node, "inserts a row of no project")
    rows = node.selectStmt.valuesLists
    _require(rows is not None, node, "inserts rows of a SELECT")
    for row in rows:
        value = _without_cast(row[columns.index("project_id")])
        _require(isinstance(value, ast.ParamRef), node, "inserts a row of some project")
        parameters.add(_number(value))
    tables.add(node.relation.relname)


def _inner(node: Any) -> Iterator[Any]:
    """Give the nodes in a node."""
    values = node if isinstance(node, tuple) else [getattr(node, name) for name in node]
    for value in values:
        if isinstance(value, ast.Node | tuple):
            yield value


def _name(source: Any) -> str:
    return str(source.alias.aliasname if source.alias else source.relname)


def _require(condition: object, node: Any, text: str) -> None:
    if not condition:
        raise NotHeldToProjectError(f"A {type(node).__name__} {text}.")
