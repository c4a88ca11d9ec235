"""Recording: what a mutation's transaction reads and writes.

`Recording` writes at once; `resolvers/batch_recording.py` keeps what many records write and sends
it together. The recording functions of the nouns work with either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    CursorResult,
    Executable,
    Insert,
    Row,
    Table,
    and_,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from models import ToolCall
from resolvers.errors import Invalid
from resolvers.identifiers import table_of
from resolvers.validation import check_rows, check_values

Answer = dict[str, Any]
"""Ids and plain values of a payload, by field: UUIDs, lists of UUIDs, booleans, numbers."""


@dataclass
class Recording:
    """A transaction that records in one project."""

    connection: AsyncConnection
    project_id: int
    written: list[tuple[type[Any], Row[Any]]] = field(default_factory=list)
    """Rows as they were written, to answer with; the last of a row is the one that holds."""
    names: dict[str, str] = field(default_factory=dict)
    """Ids of what was recorded in the same batch, by the names that the client gave them there."""

    def identify(self, reference: str) -> str:
        """Give the id or own name that a client's reference stands for."""
        return self.names.get(reference, reference)

    @property
    def now(self) -> Any:
        """The transaction's time, by the database's clock, to write."""
        return func.now()

    def not_before(self, time: datetime | None) -> Any:
        """Give the transaction's time, to write, or a later one."""
        return self.now if time is None else func.greatest(func.now(), time)

    async def execute(self, statement: Executable) -> CursorResult[*tuple[Any, ...]]:
        """Run any statement; what was written before it is there."""
        return await self.connection.execute(statement)

    async def row(self, model: type[Any], *, lock: bool = False, **key: Any) -> Row[Any] | None:
        """Read a row by a unique key, such as `id`. `lock` keeps others from changing it."""
        table = table_of(model)
        statement = select(table).where(self._is(table, key))
        if lock:
            statement = statement.with_for_update(key_share=True)
        return (await self.connection.execute(statement)).one_or_none()

    def _is(self, table: Table, key: Mapping[str, Any]) -> ColumnElement[bool]:
        columns = table.c
        named = [columns[name] == value for name, value in key.items()]
        return and_(columns.project_id == self.project_id, *named)

    async def last_attempts(
        self, session_id: UUID, tool_call_ids: Sequence[str]
    ) -> dict[str, Row[Any]]:
        """Read and lock the last attempt of each call by the runtime's own ids, if there is one."""
        columns = table_of(ToolCall).c
        found = await self.connection.execute(
            select(table_of(ToolCall))
            .where(
                self._is(table_of(ToolCall), {"session_id": session_id}),
                columns.tool_call_id.in_(tool_call_ids),
            )
            .order_by(columns.attempt)
            .with_for_update(key_share=True)
        )
        return {row.tool_call_id: row for row in found}

    async def insert(self, model: type[Any], **values: Any) -> Row[Any]:
        """Insert a row and give it whole. Raises `Invalid` for values that cannot be stored.

        None is left out, so the column's default holds.
        """
        return (await self.insert_many(model, [values]))[0]

    async def insert_many(
        self, model: type[Any], rows: Sequence[Mapping[str, Any]], path: str = "", *, key: str = ""
    ) -> Sequence[Row[Any]]:
        """Insert rows by one statement and give them whole, in order.

        `path` leads to the list of rows in the input, for errors. With `key`, the columns of a
        unique constraint by comma, rows that are there already are left out of the answer.
        """
        table = table_of(model)
        check_rows(table, rows, path)
        complete = [
            {**row, "project_id": self.project_id, "id": row.get("id") or uuid7()} for row in rows
        ]
        statement: Insert = _insert(table, key)
        found: list[Row[Any]] = []
        for group in _alike(table, complete):
            parameters = group if len(group) > 1 else group[0]
            found.extend(await self.connection.execute(statement, parameters))
        order = {row["id"]: place for place, row in enumerate(complete)}
        written = sorted(found, key=lambda row: order[row.id])
        self.written.extend((model, row) for row in written)
        return written

    async def change(self, model: type[Any], row_id: UUID, **values: Any) -> Row[Any]:
        """Change columns of a row and give it whole; None sets null."""
        table = table_of(model)
        check_change(table, values)
        row = await self._update(model, {"id": row_id}, values)
        if row is None:
            raise LookupError(row_id)
        return row

    async def adjust(
        self,
        model: type[Any],
        key: Mapping[str, Any],
        *,
        add: Mapping[str, Any],
        latest: Mapping[str, datetime | None],
        changes: Mapping[str, Any] | None = None,
    ) -> Row[Any] | None:
        """Add to counters, move times on and change columns of a row, whatever they are by then.

        The row is found by a unique key, locked, and given whole; None if it is not there. A time
        that is None is now.
        """
        columns = table_of(model).c
        values: dict[str, Any] = {name: columns[name] + count for name, count in add.items()}
        for name, time in latest.items():
            values[name] = func.greatest(columns[name], self.now if time is None else time)
        return await self._update(model, key, values | dict(changes or {}))

    async def _update(
        self, model: type[Any], key: Mapping[str, Any], values: Mapping[str, Any]
    ) -> Row[Any] | None:
        table = table_of(model)
        found = await self.connection.execute(
            update(table).where(self._is(table, key)).values(values).returning(table)
        )
        row: Row[Any] | None = found.one_or_none()
        if row is not None:
            self.written.append((model, row))
        return row


def is_expression(value: Any) -> bool:
    """Whether a value is SQL, for the database to work out."""
    return isinstance(value, ClauseElement)


def check_change(table: Table, values: Mapping[str, Any]) -> None:
    """Check the plain values of a change. Raises `Invalid`."""
    given = {name: value for name, value in values.items() if not is_expression(value)}
    check_values(table, given, is_change=True)


def _alike(table: Table, rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Group rows that leave the same columns to their defaults: a statement inserts one group."""
    groups: dict[frozenset[str], list[dict[str, Any]]] = {}
    for row in rows:
        given = {name for name, value in row.items() if value is not None}
        required = frozenset(name for name in given if not table.c[name].nullable)
        groups.setdefault(required, []).append(row)
    alike = []
    for required, group in groups.items():
        columns = _columns(table, group, required)
        alike.append([{name: row.get(name) for name in columns} for row in group])
    return alike


def _columns(table: Table, rows: Sequence[dict[str, Any]], required: frozenset[str]) -> list[str]:
    given = {name for row in rows for name, value in row.items() if value is not None}
    return [
        column.name
        for column in table.c
        if column.name in required or (column.nullable and column.name in given)
    ]


@lru_cache(256)
def _insert(table: Table, key: str) -> Insert:
    if not key:
        return insert(table).returning(table)
    statement = postgresql.insert(table)
    return statement.on_conflict_do_nothing(
        index_elements=[table.c.project_id, *(table.c[name] for name in key.split(","))]
    ).returning(table)


def digest(value: Mapping[str, Any]) -> bytes:
    """Hash an input: SHA-256 of it as compact JSON with sorted keys. Raises `Invalid`."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Invalid("A JSON value is nested too deep, or is no JSON.") from error
    return sha256(text).digest()
