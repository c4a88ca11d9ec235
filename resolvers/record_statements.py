"""The statements of a recording that are always the same, compiled once for each table."""

from functools import lru_cache

from sqlalchemy import ARRAY, Table, Text, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql

from models import ToolCall
from resolvers.batch_loading import PROJECT
from resolvers.compiled_statement import CompiledStatement, compile_statement
from resolvers.identifiers import table_of
from resolvers.parameter import parameter

_CALLS = table_of(ToolCall).c


@lru_cache(256)
def read(table: Table, key: tuple[str, ...], *, lock: bool) -> CompiledStatement:
    """Read a row by columns of a unique key, and the time behind it; lock it if asked to."""
    columns = table.c
    statement = select(table, func.now()).where(
        columns.project_id == PROJECT,
        *[columns[name] == parameter(columns[name]) for name in key],
    )
    return compile_statement(statement.with_for_update(key_share=True) if lock else statement)


@lru_cache(64)
def read_together(table: Table, key: tuple[str, ...]) -> CompiledStatement:
    """Read and lock rows by a unique key, of which arrays of values are given, and the time."""
    columns = table.c
    given = [bindparam(name, type_=ARRAY(columns[name].type)) for name in key]
    wanted = func.unnest(*given).table_valued(*key, name="wanted").render_derived()
    statement = select(table, func.now()).where(
        columns.project_id == PROJECT, *[columns[name] == wanted.c[name] for name in key]
    )
    return compile_statement(statement.with_for_update(key_share=True, of=table))


LAST_ATTEMPTS = compile_statement(
    select(table_of(ToolCall))
    .where(
        _CALLS.project_id == PROJECT,
        _CALLS.session_id == parameter(_CALLS.session_id),
        _CALLS.tool_call_id == any_(bindparam("tool_call_ids", type_=ARRAY(Text))),
    )
    .order_by(_CALLS.attempt)
    .with_for_update(key_share=True)
)
"""Read and lock all attempts of calls, the last one last."""


@lru_cache(256)
def insert_row(table: Table, names: tuple[str, ...]) -> CompiledStatement:
    """Insert a row of these columns; run for many."""
    return compile_statement(
        insert(table).values({name: parameter(table.c[name]) for name in names})
    )


@lru_cache(256)
def insert_unless_there(table: Table, names: tuple[str, ...], key: str) -> CompiledStatement:
    """Insert a row unless there is one of the same key; give it whole, and the time behind it."""
    columns = table.c
    return compile_statement(
        postgresql.insert(table)
        .values({name: parameter(columns[name]) for name in names})
        .on_conflict_do_nothing(
            index_elements=[columns.project_id, *(columns[name] for name in key.split(","))]
        )
        .returning(table, func.now())
    )


@lru_cache(256)
def change_row(table: Table, names: tuple[str, ...]) -> CompiledStatement:
    """Set columns of a row by its id; run for many."""
    columns = table.c
    return compile_statement(
        update(table)
        .where(
            columns.project_id == parameter(columns.project_id), columns.id == parameter(columns.id)
        )
        .values({name: parameter(columns[name]) for name in names})
    )
