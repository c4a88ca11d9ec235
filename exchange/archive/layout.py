"""Which rows a file holds, in which order, and under which names; all from the models.

Rows hang together by their foreign keys. A *whole* is a row that hangs on its project alone, with
all rows that go when it goes: an agent, a tree of sessions, a memory. A row that hangs on two of
one kind, as the relation of two memories does, is a whole by itself, behind all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Column, ForeignKeyConstraint, Table, Uuid

import models
from models import ApiKey, Base, Session, SessionEvent
from models.base import ProjectRoot
from resolvers.identifiers import PREFIXES, table_of
from resolvers.validation import camel_case

FORMAT = 1
"""Goes up when files of before can no longer be read as they are."""

NOT_CARRIED = frozenset({"project_id", "position"})
"""The project is that of whoever imports; positions are given anew in the order of the lines."""

_PROJECT = "project_id"


@dataclass(frozen=True)
class Reference:
    """A column with the id of another row of the project."""

    column: str
    target: Table
    goes_with: bool
    """Whether the row goes when the other goes; if not, the column is emptied."""
    is_late: bool
    """Whether the other row is written later."""


@dataclass(frozen=True)
class Family:
    """The tables of one kind of wholes: that of the first row, then those that hang on it."""

    root: Table
    tables: tuple[Table, ...]

    @property
    def key(self) -> Column[object]:
        """The column of the first table that tells which whole a row belongs to."""
        return self.root.c.get("root_id", self.root.c.id)


def _is_root(table: Table) -> bool:
    (model,) = (m.class_ for m in models.Base.registry.mappers if m.local_table is table)
    return issubclass(model, ProjectRoot)


@cache
def references(table: Table) -> Mapping[str, Reference]:
    """Give the references of a table's rows, by column, in the order of the columns."""
    found = {}
    for constraint in table.constraints:
        if isinstance(constraint, ForeignKeyConstraint):
            target = constraint.referred_table
            names = [name for name in constraint.column_keys if name != _PROJECT]
            if target in PREFIXES and names:
                found[names[0]] = Reference(
                    names[0], target, constraint.ondelete == "CASCADE", constraint.use_alter
                )
    return {column.name: found[column.name] for column in table.c if column.name in found}


@cache
def owner(table: Table) -> Reference | None:
    """Give the reference by which a row belongs to its whole; None for the first row of one."""
    if _is_root(table):
        return None
    return next(
        each
        for each in references(table).values()
        if each.goes_with and not table.c[each.column].nullable
    )


def _is_relation(table: Table) -> bool:
    owners = [each.target for each in references(table).values() if each.goes_with]
    return not _is_root(table) and len(owners) == 2 and owners[0] is owners[1]  # noqa: PLR2004  a pair


def _root_of(table: Table) -> Table:
    owned = owner(table)
    return table if owned is None or _is_relation(table) else _root_of(owned.target)


CARRIED: tuple[Table, ...] = tuple(
    table
    for table in Base.metadata.sorted_tables
    if table in PREFIXES and table is not table_of(ApiKey)
)
"""The tables whose rows are carried, each behind those that it refers to."""

_ROOTS = sorted(
    (table for table in CARRIED if _root_of(table) is table),
    key=lambda table: (_is_relation(table), CARRIED.index(table)),
)
FAMILIES: tuple[Family, ...] = tuple(
    Family(root, (root, *(t for t in CARRIED if t is not root and _root_of(t) is root)))
    for root in _ROOTS
)
"""The families in the order of a file."""

FAMILY_OF: Mapping[Table, Family] = {
    table: family for family in FAMILIES for table in family.tables
}


@dataclass(frozen=True)
class Member:
    """A member of a line: the column that it is of, or the two columns of a subject."""

    name: str
    column: Column[object]
    target: Table | None = None
    """The table of the row that the column refers to, if it does; its own for the id."""
    type_column: Column[object] | None = None
    """The column with the prefix of the id, where a row may refer to any noun."""


@cache
def members(table: Table) -> tuple[Member, ...]:
    """Give the members of a table's lines: the id, then the others in the order of the columns."""
    targets = {column: each.target for column, each in references(table).items()}
    if table is table_of(SessionEvent):
        targets["root_id"] = table_of(Session)  # kept by the server, without a foreign key
    made = []
    for column in table.c:
        name = column.name
        noun = name.removesuffix("_id")
        if name in NOT_CARRIED or _is_typed(table, name.removesuffix("_type")):
            continue
        if name == "id":
            made.append(Member("id", column, table))
        elif name in targets:
            made.append(Member(camel_case(noun), column, targets[name]))
        elif name != noun and _is_typed(table, noun):
            made.append(Member(camel_case(noun), column, None, table.c[f"{noun}_type"]))
        else:
            made.append(Member(camel_case(name), column))
    return tuple(sorted(made, key=lambda member: member.name != "id"))


def _is_typed(table: Table, noun: str) -> bool:
    """Whether two columns name a row of any noun: `subject_type` and `subject_id`."""
    key = table.c.get(f"{noun}_id")
    return f"{noun}_type" in table.c and key is not None and isinstance(key.type, Uuid)
