"""Each revision, applied to a store full of data that others write and read meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select, update
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from migrations import runner
from server.database import create_engine
from server.settings import Settings
from tests.migrations.contents import read_contents
from tests.migrations.filling import Filling, read_tables
from tests.migrations.locking_statements import locking_statements

_ROWS = 300
_PROMISED_AFTER = "0007"
"""What a revision may do to others is promised of those after it."""
_BUSIEST = ("sessions", "messages", "tool_calls", "session_events", "memory_accesses")
_NOT_WRITTEN = {
    "0007": {
        "session_events": "which gets a root that the release before does not give",
        "memory_accesses": "which gets a sequence that the release before does not give",
    }
}
"""By revision: what the release before it cannot write afterwards, and why."""
_REWRITTEN: dict[str, dict[str, str]] = {}
"""By revision: the tables that it writes anew, and why that must be."""
_LOCKING: dict[str, dict[str, str]] = {}
"""By revision: what `locking_statements` finds and is let through, and why."""

REVISIONS = runner.known_revisions()
PROMISED = [revision for revision in REVISIONS if revision > _PROMISED_AFTER]


@pytest.fixture
async def store(empty_database_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(Settings(pool_size=5), empty_database_url)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("revision", [_PROMISED_AFTER, *PROMISED])
async def test_a_filled_store_is_upgraded_while_it_is_used(
    store: AsyncEngine, revision: str
) -> None:
    await runner.upgrade(store, REVISIONS[REVISIONS.index(revision) - 1])
    filling = await read_tables(store)
    async with store.begin() as connection:
        await filling.fill(connection, _ROWS)
    before = await read_contents(store)
    assert all(before.rows.values())
    tables = [name for name in _BUSIEST if name not in _NOT_WRITTEN.get(revision, {})]
    async with _used(store, filling, tables):
        await runner.upgrade(store, revision)
    after = await read_contents(store, like=before)
    for table, rows in before.rows.items():
        assert rows <= after.rows[table], table
        assert tables.count(table) == (len(after.rows[table]) > len(rows)), table
    rewritten = {name for name, file in before.files.items() if after.files[name] != file}
    assert rewritten == set(_REWRITTEN.get(revision, {}))


@pytest.mark.parametrize("revision", PROMISED)
async def test_a_revision_keeps_nobody_from_writing(store: AsyncEngine, revision: str) -> None:
    await runner.upgrade(store, REVISIONS[REVISIONS.index(revision) - 1])
    with _recorded(store) as statements:
        await runner.upgrade(store, revision)
    assert len(statements) > 1
    assert set(locking_statements(statements)) == set(_LOCKING.get(revision, {}))


async def test_a_revision_that_keeps_others_from_writing_is_found(store: AsyncEngine) -> None:
    await runner.upgrade(store, "0006")
    with _recorded(store) as statements:
        await runner.upgrade(store, "0007")
    found = locking_statements(statements)
    assert "UpdateStmt of session_events, whose rows are locked to the end" in found
    assert "CREATE INDEX on session_events without CONCURRENTLY" in found


@asynccontextmanager
async def _used(engine: AsyncEngine, filling: Filling, tables: list[str]) -> AsyncIterator[None]:
    """Write and read tables all the while, and at least once before, by the schema of before."""
    began, ended = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        number = _ROWS
        while not (ended.is_set() and began.is_set()):
            async with engine.begin() as connection:
                for table in filling.tables:
                    if table.name in tables:
                        row = filling.make_row(table, number)
                        await connection.execute(insert(table), row)
                        found = table.c.project_id == 1, table.c.id == row["id"]
                        await connection.execute(update(table).where(*found).values(row))
            number += 1
            began.set()

    async def read() -> None:
        while not ended.is_set():
            async with engine.connect() as connection:
                for table in filling.tables:
                    found = await connection.execute(select(table).limit(50))
                    assert found.all()

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        group.create_task(read())
        await began.wait()
        try:
            yield
        finally:
            ended.set()


@contextmanager
def _recorded(engine: AsyncEngine) -> Iterator[list[str]]:
    """Give the statements that an engine runs."""
    statements: list[str] = []

    def record(_connection: Connection, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", record)
