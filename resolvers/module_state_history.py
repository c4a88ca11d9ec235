"""Module states as they once were, replayed from their log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import groupby
from typing import Any
from uuid import UUID

from orjson import Fragment, dumps, loads
from sqlalchemy import ColumnElement, Row, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from models import StateTransition
from resolvers.batch_loading import PROJECT, parents, read
from resolvers.errors import Invalid
from resolvers.identifiers import table_of
from resolvers.merge_patch import merge

PastState = dict[str, Any]
"""A state at one `revision`: its `state` as a fragment of JSON, when it was made (`created_at`),
and the UUID of the `state_transition` that made it."""


@dataclass(frozen=True)
class StateAsOf:
    """Loads module states as of a time or a revision; None where there was none then.

    As of a time means the greatest revision that was made at or before it. Reads the log from the
    last whole document on, by one statement. Raises `Invalid` unless one of the two is given.
    """

    time: datetime | None = None
    revision: int | None = None

    def __post_init__(self) -> None:
        if (self.time is None) == (self.revision is None):
            raise Invalid("Give `time` or `revision`, one of the two.", field="revision")
        if self.revision is not None and self.revision < 0:
            raise Invalid("Must not be negative.", field="revision")

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[PastState | None]:
        """Give the state of each key."""
        table = table_of(StateTransition)
        columns = table.c
        parent = parents()
        until = _latest(parent.c.key, self._is_told, "until")
        since = _latest(
            parent.c.key,
            lambda log: ~log.is_patch & (log.revision <= until.c.revision),
            "since",
        )
        statement = (
            select(
                columns.module_state_id,
                columns.revision,
                columns.new_values,
                columns.id,
                columns.created_at,
            )
            .select_from(
                parent.join(until, true())
                .join(since, true())
                .join(table, columns.module_state_id == parent.c.key)
            )
            .where(
                columns.project_id == PROJECT,
                columns.revision.between(since.c.revision, until.c.revision),
            )
            .order_by(columns.module_state_id, columns.revision)
        )
        found = await read(connection, statement, project_id, keys)
        states = {
            key: _replay(list(log)) for key, log in groupby(found, lambda row: row.module_state_id)
        }
        return [states.get(key) for key in keys]

    def _is_told(self, log: Any) -> ColumnElement[bool]:
        told: ColumnElement[bool] = (
            log.revision == self.revision if self.time is None else log.created_at <= self.time
        )
        return told


def _latest(key: ColumnElement[Any], condition: Any, name: str) -> Any:
    """Find the greatest revision in a state's log that meets a condition."""
    log = table_of(StateTransition).alias(f"log_{name}").c
    return (
        select(log.revision)
        .where(log.project_id == PROJECT, log.module_state_id == key, condition(log))
        .order_by(log.revision.desc())
        .limit(1)
        .lateral(name)
    )


def _replay(log: Sequence[Row[*tuple[Any, ...]]]) -> PastState:
    """Apply the patches of a log to the whole document that it begins with."""
    first, *patches = [entry.new_values for entry in log]
    # a whole document is given back to the letter
    text = dumps(reduce(merge, map(loads, patches), loads(first))) if patches else first
    last = log[-1]
    return {
        "revision": last.revision,
        "state": Fragment(text),
        "created_at": last.created_at,
        "state_transition": last.id,
    }
