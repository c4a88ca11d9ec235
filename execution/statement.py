"""One statement for a whole query: every step is a common table expression over its parent's.

The rows of all steps come one after the other, each with the number of its step and the key that
led to it, then the step's columns in the slots that all share (`execution/plan.py`):

    WITH step_0 AS (SELECT id, title FROM sessions … LIMIT $2),
    step_1 AS (SELECT …, parent.key AS parent_key FROM (SELECT id AS key FROM step_0) AS parent
        JOIN LATERAL (SELECT … FROM messages … LIMIT $3) ON true)
    SELECT 0, NULL, id, title, NULL FROM step_0
    UNION ALL SELECT 1, parent_key, id, content, role FROM step_1

A LATERAL with a limit is read by an index for one key after the other, whatever number of rows the
planner believes the parent to have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    CTE,
    JSON,
    ColumnElement,
    LargeBinary,
    Select,
    Subquery,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from execution.plan import (
    KEY,
    Columns,
    CountStep,
    FindStep,
    KeysStep,
    PageStep,
    ReadStep,
    Slots,
    Step,
)
from resolvers.batch_loading import for_each
from resolvers.compiled_statement import CompiledStatement, compile_statement
from resolvers.loaders import OneByColumn, PageOfDescendants
from resolvers.page import Page

_ONE: ColumnElement[int] = literal_column("1")


Source: TypeAlias = OneByColumn | Page | None
"""What a step reads: by which loader, or which page with parameters for values; None if nothing."""


@dataclass(frozen=True)
class Statement:
    """The statement of a query."""

    compiled: CompiledStatement
    cursors: Mapping[int, Sequence[int]]
    """Where the values for cursors stand in the rows of a step."""


def write(steps: Sequence[Step], sources: Sequence[Source], slots: Slots) -> Statement:
    """Write the statement that reads the steps which have a source."""
    tables: dict[int, CTE] = {}
    read: list[tuple[ReadStep, Columns]] = []
    cursors: dict[int, Sequence[int]] = {}
    for step, source in zip(steps, sources, strict=True):
        if source is None or not isinstance(step, ReadStep):
            continue
        columns = step.columns.copy()
        if isinstance(step, PageStep) and isinstance(source, Page):
            wanted = source.order.columns if step.connection.wants_cursors else ()
            cursors[step.number] = [columns.position(name) for name in wanted]
        names = list(columns.positions) or ["id"]
        tables[step.number] = _rows(step, source, names, tables).cte(f"step_{step.number}")
        read.append((step, columns))
    core = union_all(*[_select(step, each, tables[step.number], slots) for step, each in read])
    return Statement(compile_statement(core), cursors)


def _rows(
    step: ReadStep,
    source: OneByColumn | Page,
    names: Sequence[str],
    tables: Mapping[int, CTE],
) -> Select[Any]:
    """Select a step's rows, with `parent_key` where a key leads to them."""
    if step.parent is not None:
        parent = _keys(step, tables[step.parent.number])
        own = _own_rows(step, source, names, parent.c.key)
        return for_each(parent, own.limit(_ONE) if isinstance(source, OneByColumn) else own)
    if isinstance(step, KeysStep):
        keys = bindparam(f"keys_{step.number}", type_=ARRAY(Uuid))
        own = _own_rows(step, source, names, any_(keys))
        return own.add_columns(step.columns.table.c.id.label("parent_key"))
    return _own_rows(step, source, names, bindparam(f"key_{step.number}"))


def _own_rows(
    step: ReadStep, source: OneByColumn | Page, names: Sequence[str], key: ColumnElement[Any]
) -> Select[Any]:
    """Select the rows of a key."""
    if isinstance(source, OneByColumn):
        return source.rows(key, names)
    if isinstance(step, CountStep):
        return step.loader.counted(key, source.filter)
    if isinstance(step, PageStep):
        return step.loader.rows(key, source, names, f"step_{step.number}_size")
    raise TypeError(step)


def _keys(step: ReadStep, above: CTE) -> Subquery:
    """Select the keys that lead from the parent's rows to the step's, each once."""
    if step.key is None:
        raise TypeError(step)
    keys = select(above.c[step.key].label("key"))
    if step.noun is not None:
        column, prefix = step.noun
        keys = keys.where(above.c[column] == literal_column(f"'{prefix}'"))
    above_loader = getattr(step.parent, "loader", None)
    repeats = step.key != "id" or isinstance(above_loader, PageOfDescendants)
    if repeats and not isinstance(step.parent, FindStep):  # which gives one row
        keys = keys.distinct()
    return keys.subquery()


def _select(step: ReadStep, columns: Columns, table: CTE, slots: Slots) -> Select[Any]:
    """Select a step's rows in the form that all share."""
    values = {place: _as_read(table.c[name]) for name, place in columns.positions.items()}
    if "parent_key" in table.c:
        values[KEY] = _as_read(table.c.parent_key)
    kinds = enumerate((LargeBinary(), *slots.types), KEY)
    shared = [values.get(place, cast(null(), kind)) for place, kind in kinds]
    return select(literal_column(str(step.number)), *shared).select_from(table)


def _as_read(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Turn a column into what it is read as (`execution.plan.read_as`)."""
    if isinstance(column.type, Uuid):
        return func.uuid_send(column, type_=LargeBinary())
    return cast(column, Text) if isinstance(column.type, JSON) else column
