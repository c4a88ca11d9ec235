"""What of a project is exported: all, one tree of sessions, or the trees that began in a time.

Of less than all go with the trees: the memories made in them, and what trees and memories refer to,
such as their agents; of that only the rows that are referred to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Select,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
)

from exchange.archive.layout import FAMILY_OF, Family, owner, references
from models import Memory, Session
from resolvers.batch_loading import PROJECT
from resolvers.identifiers import table_of

_SESSIONS = FAMILY_OF[table_of(Session)]
_MEMORIES = FAMILY_OF[table_of(Memory)]
_CHOSEN = (_SESSIONS, _MEMORIES)
"""The families whose wholes are chosen; of the others go along those that are referred to."""

WHOLES = bindparam("wholes", type_=ARRAY(Uuid))
"""The ids of the first rows of some wholes."""


@dataclass(frozen=True)
class Selection:
    """What is exported; nothing given is the whole project.

    `root` is that of one tree; `began_from` and `began_before` are bounds of when a tree's root
    began, the latter itself not in it.
    """

    root: UUID | None = None
    began_from: datetime | None = None
    began_before: datetime | None = None

    @property
    def kind(self) -> str:
        """What the header calls it."""
        if self.root is not None:
            return "session"
        return "project" if self.began_from is None and self.began_before is None else "range"

    @property
    def values(self) -> Mapping[str, Any]:
        """The parameters of its conditions."""
        return {"root": self.root, "began_from": self.began_from, "began_before": self.began_before}

    def wholes(self, family: Family) -> Select[Any]:
        """Select the ids of a family's wholes, in order, each with about how many rows it has."""
        key, columns = family.key, family.root.c
        rows = func.sum(columns.event_sequence) if "event_sequence" in columns else func.count()
        chosen = and_(columns.project_id == PROJECT, self._condition(family))
        return select(key, rows).where(chosen).group_by(key).order_by(key)

    def rows(self, table: Table) -> Select[Any]:
        """Select the rows of some `WHOLES`, in the order of a file; each with its whole's id."""
        family = FAMILY_OF[table]
        conditions = [family.key == any_(WHOLES)]
        if self.kind != "project" and table is not family.root and family not in _CHOSEN:
            conditions.append(self._is_referred_to(table))
        return (
            _joined(table)
            .add_columns(*table.c, family.key.label("whole"))
            .where(*conditions)
            .order_by(family.key, *_order(table))
        )

    def _condition(self, family: Family) -> ColumnElement[bool]:
        """Tell whether a family's first row is chosen."""
        if self.kind == "project":
            return true()
        if family is _SESSIONS:
            return family.key.in_(self._roots())
        if family is _MEMORIES:
            return table_of(Memory).c.session_id.in_(self._sessions())
        if owner(family.root) is None:
            return self._is_referred_to(family.root)
        # a relation goes with both that it relates
        chosen = select(table_of(Memory).c.id).where(
            table_of(Memory).c.project_id == PROJECT, self._condition(_MEMORIES)
        )
        return and_(
            *[family.root.c[name].in_(chosen) for name in references(family.root)],
        )

    def _roots(self) -> Select[Any]:
        sessions = table_of(Session).alias("roots").c
        if self.root is not None:
            return select(sessions.id).where(
                sessions.project_id == PROJECT, sessions.id == bindparam("root", type_=Uuid)
            )
        conditions = [sessions.project_id == PROJECT, sessions.parent_id.is_(None)]
        time = DateTime(timezone=True)
        if self.began_from is not None:
            conditions.append(sessions.started_at >= bindparam("began_from", type_=time))
        if self.began_before is not None:
            conditions.append(sessions.started_at < bindparam("began_before", type_=time))
        return select(sessions.id).where(*conditions)

    def _sessions(self) -> Select[Any]:
        sessions = table_of(Session).alias("chosen").c
        return select(sessions.id).where(
            sessions.project_id == PROJECT, sessions.root_id.in_(self._roots())
        )

    def _is_referred_to(self, table: Table) -> ColumnElement[bool]:
        """Tell whether a row is referred to by what is chosen, or owns such a row."""
        referring = [
            _joined(each).add_columns(each.c[name]).where(self._condition(family))
            for family in _CHOSEN
            for each in family.tables
            for name, reference in references(each).items()
            if reference.target is table
        ]
        for lower in FAMILY_OF[table].tables:
            owned = owner(lower)
            if owned is not None and owned.target is table:
                is_needed = self._is_referred_to(lower)
                needed = _joined(lower).add_columns(lower.c[owned.column]).where(is_needed)
                referring.append(needed)
        return or_(false(), *[table.c.id.in_(each) for each in referring])


def _joined(table: Table) -> Select[Any]:
    """Select nothing yet from a table and those that it hangs on, up to the family's first."""
    statement = select().select_from(table).where(table.c.project_id == PROJECT)
    family = FAMILY_OF[table]
    while table is not family.root:
        owned = owner(table)
        if owned is None:
            raise TypeError(table)
        upper = owned.target
        statement = statement.join(
            upper,
            and_(upper.c.project_id == table.c.project_id, upper.c.id == table.c[owned.column]),
        ).where(upper.c.project_id == PROJECT)
        table = upper
    return statement


def _order(table: Table) -> list[ColumnElement[Any]]:
    """Give the order of a table's rows in their whole."""
    if table is _SESSIONS.root:
        return [table.c.depth, table.c.id]
    if "position" in table.c:
        return [table.c.position]
    owned = owner(table)
    within = [table.c[name] for name in ("sequence", "revision") if name in table.c]
    return [table.c[owned.column], *within, table.c.id] if owned and within else [table.c.id]
