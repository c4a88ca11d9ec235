"""A recording of many records: rows are kept in memory and written together.

The recording functions run as they do alone. What they insert, count up or change stays here, and
a row that was read or written once is not read again; `flush` sends it all, one statement for the
rows of a table. Before any other statement runs, what is kept is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CursorResult,
    Delete,
    Executable,
    Row,
    Table,
    Update,
    bindparam,
    insert,
    update,
)
from uuid_utils.compat import uuid7

from models import Base, Session, ToolCall
from resolvers.identifiers import table_of
from resolvers.kept_rows import (
    NOW,
    KeptRow,
    as_json,
    as_text,
    server_defaults,
    unique_keys,
    values_of,
)
from resolvers.recording import Recording, check_change, is_expression
from resolvers.validation import check_rows


@dataclass
class BatchRecording(Recording):
    """A transaction that keeps what it writes until `flush`."""

    moment: datetime = field(kw_only=True)
    """The transaction's time, by the database's clock."""
    tool_call_ids: frozenset[str] = frozenset()
    """The runtime's ids of the calls in the batch, so that they are looked up together."""
    _kept: dict[Table, dict[UUID, KeptRow]] = field(default_factory=dict)
    _ids: dict[tuple[Table, frozenset[tuple[str, Any]]], UUID] = field(default_factory=dict)
    _attempts: dict[UUID, dict[str, UUID | None]] = field(default_factory=dict)
    _begun: set[UUID] = field(default_factory=set)
    """The sessions that began in this batch."""

    @property
    def now(self) -> datetime:
        """The transaction's time."""
        return self.moment

    def not_before(self, time: datetime | None) -> datetime:
        """Give the transaction's time, or a later one."""
        return self.moment if time is None else max(self.moment, time)

    async def execute(self, statement: Executable) -> CursorResult[*tuple[Any, ...]]:
        """Send what is kept, then run the statement; rows that it may change are read again."""
        await self.flush()
        if isinstance(statement, (Update, Delete)):
            self._kept.clear()
            self._ids.clear()
            self._attempts.clear()
            self._begun.clear()
        return await super().execute(statement)

    async def row(self, model: type[Any], *, lock: bool = False, **key: Any) -> Row[Any] | None:
        """Give a row by a unique key; it is read if it is not kept yet, or not locked as asked."""
        kept = await self._find(model, key, lock=lock)
        return None if kept is None else kept.row

    async def _find(
        self, model: type[Any], key: Mapping[str, Any], *, lock: bool
    ) -> KeptRow | None:
        table = table_of(model)
        rows = self._kept.setdefault(table, {})
        own_id = key.get("id") or self._ids.get((table, frozenset(key.items())))
        kept = None if own_id is None else rows.get(own_id)
        if kept is not None and (kept.is_locked or not lock):
            return kept
        if kept is not None and kept.changed:
            await self.flush()
        row = await super().row(model, lock=lock, **key)
        return None if row is None else self._keep(table, values_of(row), is_locked=lock)

    def _keep(
        self, table: Table, values: dict[str, Any], *, is_locked: bool, is_new: bool = False
    ) -> KeptRow:
        kept = KeptRow(values, is_locked=is_locked, is_new=is_new)
        self._kept.setdefault(table, {})[values["id"]] = kept
        for columns in unique_keys(table):
            self._ids[table, frozenset((name, values[name]) for name in columns)] = values["id"]
        return kept

    async def last_attempts(
        self, session_id: UUID, tool_call_ids: Sequence[str]
    ) -> dict[str, Row[Any]]:
        """Give the last attempts of calls; those of the whole batch are read at once."""
        known = self._attempts.setdefault(session_id, {})
        if any(own_id not in known for own_id in tool_call_ids):
            wanted = sorted({*self.tool_call_ids, *tool_call_ids} - known.keys())
            known |= dict.fromkeys(wanted)
            is_new = session_id in self._begun  # all of its calls are kept here
            found = {} if is_new else await super().last_attempts(session_id, wanted)
            for own_id, row in found.items():
                table = table_of(ToolCall)
                kept = self._kept.get(table, {}).get(row.id)
                if kept is None or not kept.changed:
                    self._keep(table, values_of(row), is_locked=True)
                known[own_id] = row.id
        calls = self._kept.get(table_of(ToolCall), {})
        attempts = {own_id: known[own_id] for own_id in tool_call_ids}
        return {own_id: calls[key].row for own_id, key in attempts.items() if key is not None}

    async def insert_many(
        self, model: type[Any], rows: Sequence[Mapping[str, Any]], path: str = "", *, key: str = ""
    ) -> Sequence[Row[Any]]:
        """Keep rows to insert, and give them whole. With `key` they are inserted at once."""
        table = table_of(model)
        if key:
            if any(self._is_new(value) for row in rows for value in row.values()):
                await self.flush()
            inserted = await super().insert_many(model, rows, path, key=key)
            for made in inserted:
                self._keep(table, values_of(made), is_locked=True)
                if model is Session:
                    self._begun.add(made.id)
            return inserted
        check_rows(table, rows, path)
        blank: dict[str, Any] = {**dict.fromkeys(table.c.keys()), **self._defaults(table)}
        kept_rows = []
        for row in rows:
            given = {name: value for name, value in row.items() if value is not None}
            values = blank | as_text(table, given)
            values |= {"project_id": self.project_id, "id": given.get("id") or uuid7()}
            kept_rows.append(self._keep(table, values, is_locked=True, is_new=True).row)
            if model is ToolCall and values["tool_call_id"] is not None:
                attempts = self._attempts.setdefault(values["session_id"], {})
                attempts[values["tool_call_id"]] = values["id"]
        return kept_rows

    def _is_new(self, value: Any) -> bool:
        """Whether a value is the id of a row that is not written yet."""
        return isinstance(value, UUID) and any(
            value in rows and rows[value].is_new for rows in self._kept.values()
        )

    def _defaults(self, table: Table) -> dict[str, Any]:
        return {
            name: self.moment if default is NOW else default
            for name, default in server_defaults(table).items()
        }

    async def change(self, model: type[Any], row_id: UUID, **values: Any) -> Row[Any]:
        """Change columns of a row that is kept; of another, or by SQL, at once."""
        table = table_of(model)
        kept = self._kept.get(table, {}).get(row_id)
        if kept is None or any(map(is_expression, values.values())):
            await self.flush()
            row = await super().change(model, row_id, **values)
            return self._keep(table, values_of(row), is_locked=True).row
        check_change(table, values)
        return self._set(table, kept, values)

    async def adjust(
        self,
        model: type[Any],
        key: Mapping[str, Any],
        *,
        add: Mapping[str, Any],
        latest: Mapping[str, datetime | None],
        changes: Mapping[str, Any] | None = None,
    ) -> Row[Any] | None:
        """Count up, move times on and change columns of a row; it is locked, then kept."""
        kept = await self._find(model, key, lock=True)
        if kept is None:
            return None
        values: dict[str, Any] = {name: kept.values[name] + count for name, count in add.items()}
        for name, time in latest.items():
            times = [kept.values[name], self.moment if time is None else time]
            values[name] = max(moment for moment in times if moment is not None)
        return self._set(table_of(model), kept, values | dict(changes or {}))

    def _set(self, table: Table, kept: KeptRow, values: Mapping[str, Any]) -> Row[Any]:
        kept.values = {**kept.values, **as_text(table, values)}
        kept.changed.update(values)
        return kept.row

    async def flush(self) -> None:
        """Write what is kept: new rows first, those that others refer to before them."""
        for table in Base.metadata.sorted_tables:
            new = [kept for kept in self._kept.get(table, {}).values() if kept.is_new]
            if new:
                rows = [as_json(table, kept.values) for kept in new]
                # defaults are filled in, so only columns that are null in all rows are left out
                given = [name for name in rows[0] if any(row[name] is not None for row in rows)]
                told = [{name: row[name] for name in given} for row in rows]
                await self.connection.execute(insert(table), told)
            for kept in new:
                kept.is_new = False
                kept.changed.clear()
        for table, rows_by_id in self._kept.items():
            groups: dict[frozenset[str], list[KeptRow]] = {}
            for kept in rows_by_id.values():
                if kept.changed:
                    groups.setdefault(frozenset(kept.changed), []).append(kept)
            for names, changed in groups.items():
                await self._write_changes(table, sorted(names), changed)

    async def _write_changes(self, table: Table, names: Sequence[str], rows: list[KeptRow]) -> None:
        statement = (
            update(table)
            .where(table.c.project_id == self.project_id, table.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        parameters = []
        for kept in rows:
            changed = as_json(table, {name: kept.values[name] for name in names})
            new = {f"new_{name}": value for name, value in changed.items()}
            parameters.append({"row_id": kept.values["id"], **new})
            kept.changed.clear()
        await self.connection.execute(statement, parameters)
