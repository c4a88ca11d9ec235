"""Locks what a batch will change before it begins, in the order in which all writers lock.

Batches name sessions and memories in any order; two that lock them as they come wait for one
another. The order is that of `tests/schema/test_deadlocks.py`: sessions from the top down, agents,
memories, each by their ids.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Text, Uuid, any_, bindparam, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from models import Agent, Memory, Session
from resolvers.batch_loading import PROJECT
from resolvers.compiled_statement import CompiledStatement, compile_statement
from resolvers.errors import Invalid
from resolvers.identifiers import decode, table_of
from resolvers.recording import Recording
from resolvers.validation import check_name


def _lock(
    model: type[Any], own_name: str, order: list[InstrumentedAttribute[Any]]
) -> CompiledStatement:
    columns = table_of(model).c
    by_id = columns.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    by_name = columns[own_name] == any_(bindparam("names", type_=ARRAY(Text)))
    statement = select(columns.id).where(columns.project_id == PROJECT, or_(by_id, by_name))
    return compile_statement(statement.order_by(*order).with_for_update(key_share=True))


_LOCKS: tuple[tuple[CompiledStatement, frozenset[str]], ...] = (
    (
        _lock(Session, "session_id", [Session.depth, Session.id]),
        frozenset({"session", "parent"}),
    ),
    (_lock(Agent, "agent_id", [Agent.id]), frozenset({"agent"})),
    (_lock(Memory, "memory_id", [Memory.id]), frozenset({"memory"})),
)
"""How the rows of a table are locked, and the arguments of recording functions that name them."""


async def lock_for(recording: Recording, records: Sequence[Mapping[str, Any]]) -> None:
    """Lock the rows that records name, given as the arguments of their recording functions.

    What is not there is left to the functions to tell.
    """
    named = [
        {values[name] for values in records for name in arguments & values.keys()} - {None}
        for _, arguments in _LOCKS
    ]
    if sum(map(len, named)) < 2:  # noqa: PLR2004  one is no order
        return
    await recording.transaction.begin()
    for (statement, _), references in zip(_LOCKS, named, strict=True):
        if references:
            decoded = {reference: decode(reference) for reference in references}
            parameters = {
                "project": recording.project_id,
                "ids": [found[1] for found in decoded.values() if found is not None],
                "names": [
                    name for name, found in decoded.items() if found is None and _is_name(name)
                ],
            }
            await recording.transaction.fetch(statement, parameters)


def _is_name(name: str) -> bool:
    try:
        check_name(name, "")
    except Invalid:
        return False
    return True
