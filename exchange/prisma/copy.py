"""The copy of a source on the local disk: its rows as they will be recorded, one snapshot.

It is an SQLite file of its own, so an import of any size needs little memory, and the source is
read once. `rows` has each row with what places it, `kept` those of them that are not refused; the
other tables say how they belong together (`arrange`).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from exchange.prisma.converted import EPOCH, Converted, freeze
from exchange.prisma.source_values import SourceRow
from resolvers.identifiers import table_of

_TABLES = """
    CREATE TABLE rows (
        model TEXT, id TEXT, made_at INTEGER, session TEXT, agent TEXT, owner TEXT, name TEXT,
        sequence REAL, is_open INTEGER, others TEXT, refusal TEXT, session_key INTEGER,
        payload TEXT
    );
    CREATE UNIQUE INDEX row_ids ON rows (model, id);
    CREATE INDEX row_owners ON rows (model, owner);
    CREATE VIEW kept AS SELECT * FROM rows WHERE refusal IS NULL;
    CREATE TABLE notes (model TEXT, id TEXT, note TEXT);
    CREATE TABLE differences (model TEXT, id TEXT, text TEXT);
    CREATE TABLE refused (model TEXT, id TEXT, reason TEXT);
    CREATE TABLE sessions (
        key INTEGER PRIMARY KEY, model TEXT, id TEXT, own_name TEXT UNIQUE, made_at INTEGER,
        parent INTEGER, depth INTEGER, merged TEXT
    );
    CREATE TABLE session_references (
        schema TEXT, reference TEXT, session INTEGER, PRIMARY KEY (schema, reference)
    ) WITHOUT ROWID;
    CREATE TABLE timeline (
        session INTEGER, at INTEGER, rank INTEGER, place INTEGER, model TEXT, id TEXT, extra TEXT,
        PRIMARY KEY (session, at, rank, place)
    ) WITHOUT ROWID;
    CREATE TABLE relations (memory TEXT, related TEXT, PRIMARY KEY (memory, related)) WITHOUT ROWID;
"""


class Copy:
    """The copy, open; times in it are microseconds since 1970."""

    def __init__(self, path: Path) -> None:
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES} BEGIN;"
        )

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def add(self, row: SourceRow, converted: Converted) -> None:
        """Add a row that can be recorded."""
        made_at = row.made_at
        payload = {
            str(table_of(model).name): freeze(model, values)
            for model, values in converted.values.items()
        }
        added = self._insert(
            row.table.model,
            row.id,
            None if made_at is None else round((made_at - EPOCH).total_seconds() * 1_000_000),
            converted.session,
            converted.agent,
            converted.owner,
            converted.name,
            converted.sequence,
            converted.is_open,
            orjson.dumps(converted.others).decode() if converted.others else None,
            None,
            None,
            orjson.dumps(payload).decode(),
        )
        if added:
            for note in row.notes:
                self.note(row.table.model, row.id, note)

    def add_refused(self, model: str, row_id: str, reason: str) -> None:
        """Add a row that cannot be recorded, and why."""
        self._insert(model, row_id, *[None] * 8, reason, None, None)

    def _insert(self, *values: Any) -> bool:
        marks = ", ".join("?" * len(values))
        done = self.database.execute(
            f"INSERT INTO rows VALUES ({marks}) ON CONFLICT DO NOTHING",
            values,
        )
        if done.rowcount == 0:
            self.refuse_extra(values[0], values[1], "Another row has this id.")
        return done.rowcount > 0

    def refuse_extra(self, model: str, row_id: str, reason: str) -> None:
        """Tell that a row is refused which has no place in the copy, or is a part of another."""
        self.database.execute("INSERT INTO refused VALUES (?, ?, ?)", (model, row_id, reason))

    def note(self, model: str, row_id: str, note: str) -> None:
        """Tell what is not carried as it is."""
        self.database.execute("INSERT INTO notes VALUES (?, ?, ?)", (model, row_id, note))

    def tell_difference(self, model: str, row_id: str, text: str) -> None:
        """Tell that the store answers otherwise than the source."""
        self.database.execute("INSERT INTO differences VALUES (?, ?, ?)", (model, row_id, text))

    def refuse(self, model: str, condition: str, reason: str, values: Iterable[Any] = ()) -> None:
        """Refuse the rows of a model, of those that are not refused yet, by a condition in SQL."""
        self.database.execute(
            f"UPDATE rows SET refusal = ? WHERE model = ? AND refusal IS NULL AND ({condition})",
            (reason, model, *values),
        )

    def select(self, statement: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Give the rows that a statement finds, as they come."""
        return self.database.execute(statement, values)

    def run(self, statement: str, *values: Any) -> int:
        """Run a statement; give how many rows it changed."""
        return self.database.execute(statement, values).rowcount

    def payload(self, model: str, row_id: str) -> dict[str, dict[str, Any]]:
        """Give the values of a row by table and column, as `freeze` wrote them."""
        found = self.database.execute(
            "SELECT payload FROM rows WHERE model = ? AND id = ?", (model, row_id)
        ).fetchone()
        read: dict[str, dict[str, Any]] = orjson.loads(found[0])
        return read

    def patch(self, model: str, row_id: str, table: str, values: Mapping[str, Any]) -> None:
        """Change values of a row; None leaves a column out."""
        payload = self.payload(model, row_id)
        patched = {**payload[table], **values}
        payload[table] = {name: value for name, value in patched.items() if value is not None}
        self.run(
            "UPDATE rows SET payload = ? WHERE model = ? AND id = ?",
            orjson.dumps(payload).decode(),
            model,
            row_id,
        )

    def keep_in_metadata(
        self, model: str, row_id: str, table: str, kept: Mapping[str, Any], note: str | None = None
    ) -> None:
        """Add to the metadata of a row, and tell why; None takes a key away."""
        metadata = orjson.loads(self.payload(model, row_id)[table].get("metadata", "{}"))
        for name, value in kept.items():
            if value is None:
                metadata.pop(name, None)
            else:
                metadata[name] = value
        self.patch(model, row_id, table, {"metadata": orjson.dumps(metadata).decode()})
        if note is not None:
            self.note(model, row_id, note)
