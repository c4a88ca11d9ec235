"""Indexes that are built while the store is used, where something goes wrong."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from migrations import runner
from server.database import create_engine
from server.settings import Settings
from tests.migrations.filling import read_tables

_BEFORE, _REVISION = "0008", "0009"
_NAMES_MEMORIES = "0011"
_INDEXES = text("""
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relname LIKE 'ix\\_%expires\\_at' AND relname NOT LIKE '%confirmations%'
        AND indisvalid = :valid
    ORDER BY relname
""")
_ALL = [
    f"ix_{table}__project_id_expires_at"
    for table in ("memories", "module_states", "sessions", "state_snapshots")
]
_BUILDING = text("""
    SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND query LIKE 'CREATE %INDEX CONCURRENTLY%' AND state = 'active' AND wait_event_type = 'Lock'
""")


@pytest.fixture
async def store(empty_database_url: URL) -> AsyncIterator[AsyncEngine]:
    """A filled store, just before the revision that builds indexes."""
    engine = create_engine(Settings(pool_size=5), empty_database_url)
    await runner.upgrade(engine, _BEFORE)
    filling = await read_tables(engine)
    async with engine.begin() as connection:
        await filling.fill(connection, 50)
    yield engine
    await engine.dispose()


async def test_an_index_that_was_broken_off_is_built_again(store: AsyncEngine) -> None:
    async with store.connect() as user:
        await _use(user)
        migration = asyncio.create_task(runner.upgrade(store, _REVISION))
        async with store.connect() as watching:
            pid = await _wait_for_building(watching, migration)
            await watching.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError):
            await migration
        await user.rollback()
    async with store.connect() as connection:
        assert await runner.current_revision(connection) == _BEFORE
        assert (await connection.scalars(_INDEXES, {"valid": False})).all() == _ALL[:1]
    await runner.upgrade(store)
    await _check(store)


async def test_a_unique_index_that_was_broken_off_is_built_again(store: AsyncEngine) -> None:
    """The columns that its revision had added by then are there, and are not added again."""
    revisions = runner.known_revisions()
    await runner.upgrade(store, revisions[revisions.index(_NAMES_MEMORIES) - 1])
    async with store.connect() as user:
        # a moment that is looked back at, which holds no lock of the table
        await user.execution_options(isolation_level="REPEATABLE READ")
        await user.execute(text("SELECT FROM sessions"))
        migration = asyncio.create_task(runner.upgrade(store, _NAMES_MEMORIES))
        async with store.connect() as watching:
            pid = await _wait_for_building(watching, migration)
            await watching.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError):
            await migration
        await user.rollback()
    await runner.upgrade(store, _NAMES_MEMORIES)
    async with store.connect() as connection:
        found = await connection.scalars(
            text("""
            SELECT convalidated AND indisvalid AND indisunique FROM pg_constraint
            JOIN pg_index ON indexrelid = conindid
            WHERE conname = 'uq_memories__project_id_memory_id' AND contype = 'u'
        """)
        )
        assert found.all() == [True]


async def test_an_index_that_was_built_before_a_crash_is_kept(store: AsyncEngine) -> None:
    async with store.begin() as connection:
        await connection.execute(
            text(f"CREATE INDEX {_ALL[0]} ON memories (project_id, expires_at)")
        )
        file = text(f"SELECT pg_relation_filepath('{_ALL[0]}')")
        built = await connection.scalar(file)
    await runner.upgrade(store, _REVISION)
    async with store.connect() as connection:
        assert await connection.scalar(file) == built
    await _check(store, _REVISION)


async def test_ten_that_migrate_at_once_build_an_index_once(
    store: AsyncEngine, empty_database_url: URL
) -> None:
    """Those who wait hold no snapshot, which the building of an index would wait for in turn."""
    engines = [create_engine(Settings(pool_size=1), empty_database_url) for _ in range(10)]
    async with store.connect() as user:
        await _use(user)
        migrations = [asyncio.create_task(runner.upgrade(engine)) for engine in engines]
        async with store.connect() as watching:
            await _wait_for_building(watching, migrations[0])
        await user.rollback()
    await asyncio.gather(*migrations)
    for engine in engines:
        await engine.dispose()
    await _check(store)


_BUILD_AND_DIE = """
import asyncio, sys
from sqlalchemy.ext.asyncio import create_async_engine
from migrations import runner
asyncio.run(runner.upgrade(create_async_engine(sys.argv[1])))
"""


async def test_what_a_killed_process_began_is_waited_for(store: AsyncEngine) -> None:
    """PostgreSQL goes on building for a client that is gone."""
    address = store.url.render_as_string(hide_password=False)
    async with store.connect() as user, store.connect() as watching:
        await _use(user)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _BUILD_AND_DIE, address, cwd=Path(__file__).parents[2]
        )
        dying = asyncio.create_task(process.wait())
        pid = await _wait_for_building(watching, dying)
        process.kill()
        await dying
        again = asyncio.create_task(runner.upgrade(store))
        holders = text(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        for _ in range(20):
            assert (await watching.scalars(holders)).all() == [pid]
            await watching.rollback()
        assert not again.done()
        await user.rollback()
        await again
    await _check(store)


async def test_the_wait_for_users_is_not_cut_short(
    store: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits behind it, so that it may last."""
    monkeypatch.setattr(runner, "_LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(runner, "_ATTEMPTS", 1)
    async with store.connect() as user, store.connect() as watching:
        await _use(user)
        migration = asyncio.create_task(runner.upgrade(store, _REVISION))
        await _wait_for_building(watching, migration)
        # longer than the statements that others wait behind are given
        await watching.execute(text("SELECT pg_sleep(0.1)"))
        await watching.rollback()
        assert not migration.done()
        await user.rollback()
        await migration
    await _check(store, _REVISION)


async def _use(connection: AsyncConnection) -> None:
    """Begin a transaction that has written, which the building of an index has to wait for."""
    await connection.execute(text("UPDATE memories SET updated_at = updated_at"))


async def _wait_for_building(connection: AsyncConnection, migration: asyncio.Task[Any]) -> int:
    while (pid := await connection.scalar(_BUILDING)) is None:
        await connection.rollback()
        if migration.done():
            await migration
    await connection.rollback()
    assert isinstance(pid, int)
    return pid


async def _check(engine: AsyncEngine, revision: str | None = None) -> None:
    async with engine.connect() as connection:
        reached = revision or runner.latest_revision()
        assert await runner.current_revision(connection) == reached
        assert (await connection.scalars(_INDEXES, {"valid": True})).all() == _ALL
        assert not (await connection.scalars(_INDEXES, {"valid": False})).all()
