"""Where the store names people, and which columns can hold a person's ID at all."""

from sqlalchemy import ARRAY, JSON, CheckConstraint, Column, String, Table

from models import (
    AgentVersion,
    Base,
    Confirmation,
    IdempotencyKey,
    Memory,
    MemoryAccess,
    MemoryAnnotation,
    MemoryRevision,
    Message,
    Session,
    SessionEvent,
    Span,
    StateTransition,
)
from resolvers.identifiers import table_of

OWNERS = (table_of(Session).c.user_id, table_of(Memory).c.user_id)
"""Whose row it is: it goes with the person, and everything below it."""

NAMED = {
    table_of(Message).c.name: (),
    table_of(Confirmation).c.decided_by: (),
    table_of(StateTransition).c.actor_id: (),
    table_of(StateTransition).c.trigger_id: (),
    table_of(SessionEvent).c.actor_id: (table_of(SessionEvent).c.event_data,),
    table_of(MemoryAccess).c.accessed_by: (
        table_of(MemoryAccess).c.context,
        table_of(MemoryAccess).c.query_text,
    ),
    table_of(MemoryAnnotation).c.created_by: (),
    table_of(MemoryRevision).c.changed_by: (),
    table_of(AgentVersion).c.created_by: (),
}
"""Who did something in a row of others, with the columns that say what: they are emptied, and the
row stays, since others count and number it."""

DERIVED = (table_of(IdempotencyKey), table_of(Span))
"""What is only kept for a while, to know what came before: a row that holds the ID goes. A span
goes with its trace."""


def searched_tables() -> list[Table]:
    """Give the tables that have a column to search."""
    return [table for table in Base.metadata.sorted_tables if searched_columns(table)]


def searched_columns(table: Table) -> list[Column[object]]:
    """Give the columns that can hold any text: texts, documents and lists of texts.

    A column whose values are a closed list, such as a status, names nobody.
    """
    return [column for column in table.c if _holds_text(column) and not _is_closed(column)]


def _holds_text(column: Column[object]) -> bool:
    kind = column.type.item_type if isinstance(column.type, ARRAY) else column.type
    return isinstance(kind, String | JSON)


def _is_closed(column: Column[object]) -> bool:
    listed = (f"{column.name} IN (", f"{column.name} <@ ")
    return any(
        str(constraint.sqltext).startswith(listed)
        for constraint in column.table.constraints
        if isinstance(constraint, CheckConstraint)
    )
