"""Recording: what a mutation's transaction reads and writes.

Rows to insert and to change are kept in memory and written together: at the end, or before
something else must be read. A row whose counters go up is not read before; what its columns are is
known when it is written, and until then they are a `Later` (`resolvers/kept_rows.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import CursorResult, Delete, Executable, Row, Table, Update
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from models import Session
from resolvers import record_statements
from resolvers.database_transaction import DatabaseTransaction
from resolvers.errors import Invalid
from resolvers.identifiers import table_of
from resolvers.kept_rows import (
    FromRow,
    KeptRow,
    KeptRows,
    Later,
    Now,
    UnreadValues,
    as_text,
    blank_row,
    values_of,
)
from resolvers.last_attempts import LastAttempts
from resolvers.validation import check_rows, check_values
from resolvers.write_statement import Adjustment, write_rows
from resolvers.write_tables import write_tables

Answer = dict[str, Any]
"""Ids and plain values of a payload, by field: UUIDs, lists of UUIDs, booleans, numbers."""

ItemKeys = Sequence[tuple[str, str]]
"""The collections and keys of session items."""

_MOST_ROWS = 16
"""The most that are written by one statement; of more, those of a table are written together."""


@dataclass
class Recording:
    """A transaction that records in one project."""

    transaction: DatabaseTransaction
    project_id: int
    reads_first: bool = False
    """Read and lock each row before it is changed, so that one that is missing is told at once."""
    moment: datetime | None = None
    """The transaction's time by the database's clock, once it was told."""
    names: dict[str, str] = field(default_factory=dict)
    """Ids of what was recorded in the same batch, by the names that the client gave them there."""
    tool_call_ids: frozenset[str] = frozenset()
    """The runtime's ids of the calls in a batch, so that they are looked up together."""
    item_keys: Mapping[str, ItemKeys] = field(default_factory=dict)
    """The keys of the session items in a batch, by what names their session, likewise."""
    has_assumed: bool = False
    """Whether a row was to be changed before anything told that it is there."""
    written: dict[tuple[Table, UUID], KeptRow] = field(default_factory=dict)
    """Rows as they were written, to answer with."""
    topics: list[Any] = field(default_factory=list)
    """What is changed, to tell those who follow it after the commit (`resolvers/changes.py`)."""
    _rows: KeptRows = field(default_factory=KeptRows)
    _adjustments: dict[Table, Adjustment] = field(default_factory=dict)
    _changed: dict[int, KeptRow] = field(default_factory=dict)
    """The rows to insert or change, by identity, in order."""
    _new_ids: set[UUID] = field(default_factory=set)
    """Of those to insert."""
    _attempts: LastAttempts = field(init=False)
    _absent: set[tuple[Table, frozenset[tuple[str, Any]]]] = field(default_factory=set)
    """The keys of rows that were looked for together and are not there."""

    def __post_init__(self) -> None:
        self._attempts = LastAttempts(self._rows, self.tool_call_ids)

    def identify(self, reference: str) -> str:
        """Give the id or own name that a client's reference stands for."""
        return self.names.get(reference, reference)

    @property
    def now(self) -> Any:
        """The transaction's time, to write."""
        return Now() if self.moment is None else self.moment

    def not_before(self, earliest: datetime | None, time: Any = None) -> Any:
        """Give a time to write, now if it is None; or the earliest it may be, if that is later.

        The time may be one of a row that is not written yet.
        """
        time = self.now if time is None else time
        if earliest is None:
            return time
        return Now(earliest) if isinstance(time, Now) else max(time, earliest)

    async def connection(self) -> AsyncConnection:
        """Give the transaction to SQLAlchemy; what was written before it is there."""
        await self.flush()
        return await self.transaction.connection()

    async def execute(self, statement: Executable) -> CursorResult[*tuple[Any, ...]]:
        """Run any statement; what was written before it is there.

        What it may have changed is read again.
        """
        await self.flush()
        self._rows.forget_seen()
        if isinstance(statement, (Update, Delete)):
            self._rows.clear()
            self._absent.clear()
            self._attempts.forget()
        return await self.transaction.execute(statement)

    async def row(self, model: type[Any], *, lock: bool = False, **key: Any) -> Row[Any] | None:
        """Read a row by a unique key, such as `id`. `lock` keeps others from changing it."""
        kept = await self._read(table_of(model), key, lock=lock)
        return None if kept is None else kept.row

    async def row_among(
        self, model: type[Any], keys: Iterable[Mapping[str, Any]], **key: Any
    ) -> Row[Any] | None:
        """Read a row by a unique key, and with it those of other keys, each once; they are locked.

        What they belong to must be locked before, so that none of them comes meanwhile.
        """
        table = table_of(model)
        kept = await self._find(table, key)
        if kept is None and (table, frozenset(key.items())) not in self._absent:
            await self._read_together(table, [key, *keys])
            kept = await self._find(table, key)
        return None if kept is None else kept.row

    async def _read_together(self, table: Table, keys: Sequence[Mapping[str, Any]]) -> None:
        await self.transaction.begin()
        names = tuple(keys[0])
        given = {name: [key[name] for key in keys] for name in names}
        statement = record_statements.read_together(table, names)
        self._absent |= {(table, frozenset(key.items())) for key in keys}
        for row in await self.transaction.fetch(statement, {"project": self.project_id, **given}):
            values = values_of(table, row)
            known = self._rows.find(table, {"id": values["id"]})
            if known is None or not known.is_locked:  # else it may be about to change
                self._rows.keep(KeptRow(table, values, is_locked=True))
            self._absent.discard((table, frozenset((name, values[name]) for name in names)))

    async def _read(self, table: Table, key: Mapping[str, Any], *, lock: bool) -> KeptRow | None:
        kept = await self._find(table, key)
        if kept is not None and (kept.is_locked or not lock):
            return kept
        if lock:
            if self._adjustments:
                await self.flush()  # they are to be locked before
            await self.transaction.begin()
            self._rows.forget_seen()
        statement = record_statements.read(table, tuple(key), lock=lock)
        found = await self.transaction.fetch(statement, {"project": self.project_id, **key})
        if not found:
            return None
        if self.transaction.has_begun:
            self.moment = found[0][-1]
        return self._rows.keep(KeptRow(table, values_of(table, found[0]), is_locked=lock))

    async def _find(self, table: Table, key: Mapping[str, Any]) -> KeptRow | None:
        """Give a row that is kept, all of whose values are known."""
        if table in self._adjustments:  # of which it may be one
            await self.flush()
        kept = self._rows.find(table, key)
        if kept is not None and kept.is_unread:
            await self.flush()
        return kept

    async def last_attempts(
        self, session_id: Any, tool_call_ids: Sequence[str]
    ) -> dict[str, Row[Any]]:
        """Read and lock the last attempt of each call by the runtime's own ids, if there is one.

        The session's row is locked before. Those of a whole batch are read at once.
        """
        if self._adjustments:
            await self.flush()
        if isinstance(session_id, FromRow):
            session_id = session_id.known
        found = await self._attempts.read(
            self.transaction, self.project_id, session_id, tool_call_ids
        )
        if any(kept.is_unread for kept in found.values()):
            await self.flush()
        return {own_id: kept.row for own_id, kept in found.items()}

    async def insert(self, model: type[Any], **values: Any) -> Row[Any]:
        """Insert a row and give it whole. Raises `Invalid` for values that cannot be stored.

        None is left out, so the column's default holds.
        """
        return (await self.insert_many(model, [values]))[0]

    async def insert_many(
        self, model: type[Any], rows: Sequence[Mapping[str, Any]], path: str = "", *, key: str = ""
    ) -> Sequence[Row[Any]]:
        """Insert rows and give them whole, in order.

        `path` leads to the list of rows in the input, for errors. With `key`, the columns of a
        unique constraint by comma, they are inserted at once, and those that are there already are
        left out of the answer.
        """
        table = table_of(model)
        given = [{name: value for name, value in row.items() if value is not None} for row in rows]
        check_rows(table, [_plain(values) for values in given], path)
        made = []
        for values in given:
            kept = self._new(table, values)
            if not key:
                made.append(self._rows.keep(kept))
                self._changed[id(kept)] = kept
                self._new_ids.add(kept.values["id"])
                self._attempts.know(kept)
            elif inserted := await self._insert_at_once(kept, key):
                made.append(inserted)
        return [kept.row for kept in made]

    def _new(self, table: Table, given: dict[str, Any]) -> KeptRow:
        values = {**blank_row(table, self.moment), **as_text(table, given)}
        values["project_id"] = self.project_id
        values["id"] = given.get("id") or uuid7()
        is_unread = self.moment is None or any(isinstance(v, Later) for v in given.values())
        changed = {*given, "id"}
        return KeptRow(
            table, values, is_new=True, is_unread=is_unread, is_locked=True, changed=changed
        )

    async def _insert_at_once(self, kept: KeptRow, key: str) -> KeptRow | None:
        ids = [value for value in kept.values.values() if isinstance(value, UUID)]
        if self._adjustments or not self._new_ids.isdisjoint(ids):
            await self.flush()
        await self.transaction.begin()
        names = ("project_id", *sorted(kept.changed))
        statement = record_statements.insert_unless_there(kept.table, names, key)
        found = await self.transaction.fetch(statement, kept.values)
        if not found:
            return None
        self.moment = found[0][-1]
        values = values_of(kept.table, found[0])
        inserted = self._rows.keep(KeptRow(kept.table, values, is_locked=True))
        self.written[kept.table, values["id"]] = inserted
        if kept.table is table_of(Session):
            self._attempts.know_session(values["id"])
        return inserted

    async def change(self, model: type[Any], row_id: UUID, **values: Any) -> Row[Any]:
        """Change columns of a row and give it whole; None sets null."""
        table = table_of(model)
        check_values(table, _plain(values), is_change=True)
        kept = await self._read(table, {"id": row_id}, lock=True)
        if kept is None:
            raise LookupError(row_id)
        return self._set(kept, values)

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
        table = table_of(model)
        kept = await self._find(table, key)
        if kept is None or not kept.is_locked:
            if not self.reads_first:
                return self._adjust_unread(table, key, add, latest, changes or {})
            kept = await self._read(table, key, lock=True)
            if kept is None:
                return None
        if self.moment is None:
            await self.flush()
        values: dict[str, Any] = {name: kept.values[name] + count for name, count in add.items()}
        for name, time in latest.items():
            times = [kept.values[name], self.moment if time is None else time]
            values[name] = max(moment for moment in times if moment is not None)
        return self._set(kept, values | dict(changes or {}))

    def _adjust_unread(
        self,
        table: Table,
        key: Mapping[str, Any],
        add: Mapping[str, Any],
        latest: Mapping[str, datetime | None],
        changes: Mapping[str, Any],
    ) -> Row[Any]:
        changes = as_text(table, changes)
        kept = KeptRow(table, UnreadValues({**key, **changes}), is_unread=True, is_locked=True)
        times = {name: self.now if time is None else time for name, time in latest.items()}
        self._adjustments[table] = Adjustment(kept, key, add, times, changes)
        self.has_assumed = True
        return kept.row

    def _set(self, kept: KeptRow, values: Mapping[str, Any]) -> Row[Any]:
        kept.set(values)
        self._changed[id(kept)] = kept
        return kept.row

    async def begin(self) -> None:
        """Begin the transaction, and learn its time."""
        await self.transaction.begin()
        self.moment = await write_rows(self.transaction, self.project_id, (), ())

    async def flush(self, *, is_last: bool = False) -> None:
        """Write what is kept. A last statement that is the only one is its own transaction."""
        adjustments, rows = list(self._adjustments.values()), list(self._changed.values())
        if not adjustments and not rows:
            return
        at_once = len(adjustments) + len(rows) <= _MOST_ROWS
        if not (at_once and is_last):
            await self.transaction.begin()
        self._adjustments.clear()
        self._changed.clear()
        self._new_ids.clear()
        if at_once or adjustments or self.moment is None:
            written = rows if at_once else ()
            self.moment = await write_rows(self.transaction, self.project_id, adjustments, written)
            self.has_assumed = False
            if adjustments:
                self._rows.forget_seen()  # what was waited for may have changed them
            for adjustment in adjustments:
                self._rows.keep(adjustment.kept)
            for kept in (*(adjustment.kept for adjustment in adjustments), *written):
                self.written[kept.table, kept.values["id"]] = kept
        if not at_once:
            for kept in rows:
                kept.settle(self.moment)
            await write_tables(self.transaction, rows)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what only the database can tell."""
    return {name: value for name, value in values.items() if not isinstance(value, Later)}


def digest(value: Mapping[str, Any]) -> bytes:
    """Hash an input: SHA-256 of it as compact JSON with sorted keys. Raises `Invalid`."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise Invalid("A JSON value is nested too deep, or is no JSON.") from error
    return sha256(text).digest()
