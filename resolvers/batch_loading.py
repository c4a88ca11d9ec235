"""What every batch loader is: one fetch for the keys of all parents of a level."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar, TypeVarTuple

from sqlalchemy import (
    ARRAY,
    CursorResult,
    FromClause,
    Integer,
    Select,
    TableValuedAlias,
    Uuid,
    bindparam,
    func,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

Loaded = TypeVar("Loaded")
Rows = TypeVar("Rows")
Columns = TypeVarTuple("Columns")

KEYS = bindparam("keys", type_=ARRAY(Uuid))
"""The ids of a level's parents, in a batch's statement."""
PROJECT = bindparam("project", type_=Integer)
"""The project, which every table of a batch's statement is held to."""


class Loader(Protocol[Loaded]):
    """Loads something for each key.

    Loaders are frozen dataclasses: equal ones share a batch, and their fields are its arguments.
    """

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[Any]
    ) -> list[Loaded]:
        """Give what was loaded for each key, in the keys' order."""
        ...

    def __hash__(self) -> int: ...


def parents() -> TableValuedAlias:
    """Give the keys of a level's parents as rows to join: `parent.key`."""
    return func.unnest(KEYS).table_valued("key", name="parent").render_derived()


def for_each(parent: FromClause, own: Select[Any]) -> Select[Any]:
    """Select each parent's own rows, then its key as `parent_key`; `own` refers to `parent`."""
    child = own.lateral()
    return select(child, parent.c.key.label("parent_key")).select_from(parent.join(child, true()))


async def read(
    connection: AsyncConnection, statement: Select[*Columns], project_id: int, keys: Sequence[Any]
) -> CursorResult[*Columns]:
    """Run a batch's statement for its project and keys."""
    return await connection.execute(statement, {"project": project_id, "keys": list(keys)})


def group(
    rows: Iterable[Rows], keys: Sequence[Any], key_of: Callable[[Rows], Any]
) -> list[list[Rows]]:
    """Give each key's rows, in the rows' order."""
    groups: dict[Any, list[Rows]] = {key: [] for key in keys}
    for row in rows:
        groups[key_of(row)].append(row)
    return [groups[key] for key in keys]
