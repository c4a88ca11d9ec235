"""The statements of a recording that are always the same, compiled once for each table."""

from functools import lru_cache

from sqlalchemy import ARRAY, Integer, Table, Text, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql

from models import ToolCall
from resolvers.compiled_statement import CompiledStatement, compile_statement
from resolvers.identifiers import table_of

_PROJECT = bindparam("project", type_=Integer)
_CALLS = table_of(ToolCall).c


@lru_cache(256)
def read(table: Table, key: tuple[str, ...], *, lock: bool) -> CompiledStatement:
    """Read a row by columns of a unique key, and the time behind it; lock it if asked to."""
    columns = table.c
    statement = select(table, func.now()).where(
        columns.project_id == _PROJECT,
        *[columns[name] == bindparam(name, type_=columns[name].type) for name in key],
    )
    return compile_statement(statement.with_for_update(key_share=True) if lock else statement)


LAST_ATTEMPTS = compile_statement(
    select(table_of(ToolCall))
    .where(
        _CALLS.project_id == _PROJECT,
        _CALLS.session_id == bindparam("session_id", type_=_CALLS.session_id.type),
        _CALLS.tool_call_id == any_(bindparam("tool_call_ids", type_=ARRAY(Text))),
    )
    .order_by(_CALLS.attempt)
    .with_for_update(key_share=True)
)
"""Read and lock all attempts of calls, the last one last."""

NOW = compile_statement(select(func.now()))
"""Tell the transaction's time."""


@lru_cache(256)
def insert_row(table: Table, names: tuple[str, ...]) -> CompiledStatement:
    """Insert a row of these columns; run for many."""
    return compile_statement(
        insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in names})
    )


@lru_cache(256)
def insert_unless_there(table: Table, names: tuple[str, ...], key: str) -> CompiledStatement:
    """Insert a row unless there is one of the same key; give it whole, and the time behind it."""
    columns = table.c
    return compile_statement(
        postgresql.insert(table)
        .values({name: bindparam(name, type_=columns[name].type) for name in names})
        .on_conflict_do_nothing(
            index_elements=[columns.project_id, *(columns[name] for name in key.split(","))]
        )
        .returning(table, func.now())
    )


@lru_cache(256)
def change_row(table: Table, names: tuple[str, ...]) -> CompiledStatement:
    """Set columns of a row by its id; run for many."""
    columns = table.c
    own_id = bindparam("id", type_=columns.id.type)
    return compile_statement(
        update(table)
        .where(columns.project_id == bindparam("project_id", type_=Integer), columns.id == own_id)
        .values({name: bindparam(name, type_=columns[name].type) for name in names})
    )
