import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, insert, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import migrations
from migrations import runner
from models import Base, Project
from server.database import create_engine
from server.settings import Settings
from tests.migrations.filling import read_tables

_DESCRIPTION = """
    SELECT 'column', format('%s.%s', table_name, column_name),
        concat_ws(' ', udt_name, is_nullable, column_default, identity_generation)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint', format('%s.%s', conrelid::regclass, conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL
    SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'table', relname, array_to_string(reloptions, ' ')
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


@pytest.fixture
async def empty(empty_database_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(Settings(pool_size=2), empty_database_url)
    yield engine
    await engine.dispose()


async def test_up_down_and_up_again_on_an_empty_database(empty: AsyncEngine) -> None:
    await runner.upgrade(empty)
    migrated = await _describe(empty)
    await runner.downgrade(empty, "base")
    assert await _tables(empty) == {"alembic_version"}
    await runner.upgrade(empty)
    assert await _describe(empty) == migrated


async def test_up_down_and_up_again_on_a_filled_database(empty: AsyncEngine) -> None:
    await runner.upgrade(empty)
    migrated = await _describe(empty)
    for _ in range(2):
        filling = await read_tables(empty)
        async with empty.begin() as connection:
            await filling.fill(connection, 10)
        await runner.downgrade(empty, "base")
        assert await _tables(empty) == {"alembic_version"}
        await runner.upgrade(empty)
    assert await _describe(empty) == migrated


async def test_a_project_whose_name_is_none_gets_one(empty: AsyncEngine) -> None:
    await runner.upgrade(empty, "0005")
    async with empty.begin() as connection:
        await connection.execute(insert(Project).values(name=" a"))
        await connection.execute(insert(Project).values(name="a"))
    await runner.upgrade(empty)
    async with empty.connect() as connection:
        names = await connection.scalars(select(Project.name).order_by(Project.id))
        assert names.all() == ["default", "project-2", "a"]


_EVENTS_BEFORE_POSITIONS = """
    INSERT INTO sessions (project_id, id, root_id, input_hash)
        SELECT 1, id, id, '' FROM unnest(ARRAY[:one, :two]::uuid[]) id;
    INSERT INTO session_events (project_id, id, session_id, sequence, event_type, created_at)
        SELECT 1, gen_random_uuid(), session_id::uuid, sequence, 'x',
            '2026-01-01Z'::timestamptz + at * '1 s'::interval
        FROM (VALUES (:one, 1, 1), (:one, 2, 5), (:one, 3, 3), (:two, 1, 2), (:two, 2, 4))
            e (session_id, sequence, at)
"""


async def test_events_that_are_there_get_positions(empty: AsyncEngine) -> None:
    one, two = (str(UUID(int=number)) for number in (1, 2))
    await runner.upgrade(empty, "0006")
    async with empty.begin() as connection:
        for statement in _EVENTS_BEFORE_POSITIONS.split(";"):
            await connection.execute(text(statement), {"one": one, "two": two})
    await runner.upgrade(empty)
    async with empty.begin() as connection:
        found = await connection.execute(
            text("SELECT session_id::text, sequence FROM session_events ORDER BY position")
        )
        # in a session by sequence, though the third began before the second
        assert [tuple(row) for row in found] == [(one, 1), (two, 1), (two, 2), (one, 2), (one, 3)]
        assert await connection.scalar(text("SELECT nextval('session_event_positions')")) == 6
        others = text("SELECT count(*) FROM session_events WHERE root_id <> session_id")
        assert await connection.scalar(others) == 0


async def test_migrations_make_what_the_models_say(
    empty: AsyncEngine, database_url: URL, engine: AsyncEngine
) -> None:
    # with the driver's own reading of JSON, which Alembic's reflection needs
    plain = create_async_engine(database_url)
    async with plain.connect() as connection:
        await runner.check(connection)
    await plain.dispose()
    # which sees neither CHECK constraints nor what an index is made of
    async with empty.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    migrated = await _describe(engine)
    assert {what: how for what, how in migrated.items() if "alembic" not in what[1]} == (
        await _describe(empty)
    )


async def test_a_migrated_store_has_the_default_project(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        projects = await connection.execute(select(Project.id, Project.name))
        assert [tuple(project) for project in projects] == [(1, "default")]
        made = await connection.scalar(insert(Project).values(name="next").returning(Project.id))
        assert made == 2


async def test_ten_that_migrate_at_once_migrate_once(
    empty: AsyncEngine, empty_database_url: URL
) -> None:
    engines = [create_engine(Settings(pool_size=1), empty_database_url) for _ in range(10)]
    await asyncio.gather(*map(runner.upgrade, engines))
    for engine in engines:
        await engine.dispose()
    async with empty.connect() as connection:
        assert await runner.is_current(connection)
        assert await connection.scalar(select(func.count()).select_from(Project)) == 1


async def test_a_table_in_use_is_waited_for_in_turns(
    empty: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(runner, "_PAUSE_SECONDS", 0.05)
    await runner.upgrade(empty)
    await runner.downgrade(empty, "base")
    async with empty.connect() as user:
        await user.execute(text("LOCK TABLE alembic_version"))
        migration = asyncio.create_task(runner.upgrade(empty))
        for is_waiting in (True, False):
            while await user.scalar(text("SELECT bool_and(granted) FROM pg_locks")) is is_waiting:
                assert not migration.done()
    await migration
    async with empty.connect() as connection:
        assert await runner.is_current(connection)


async def test_a_table_that_stays_in_use_is_given_up_on(
    empty: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_LOCK_TIMEOUT", "10ms")
    monkeypatch.setattr(runner, "_PAUSE_SECONDS", 0)
    await runner.upgrade(empty)
    await runner.downgrade(empty, "base")
    async with empty.connect() as user:
        await user.execute(text("LOCK TABLE alembic_version"))
        with pytest.raises(DBAPIError, match="lock timeout"):
            await runner.upgrade(empty)
    assert await _tables(empty) == {"alembic_version"}


async def test_a_database_of_a_newer_release_is_left_alone(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(runner.UnknownRevisionError, match="9999"):
        await runner.upgrade(engine)


def test_a_revision_has_a_dated_file() -> None:
    files = [path.name for path in (Path(migrations.__file__).parent / "versions").glob("*.py")]
    assert files
    for name in files:
        assert re.fullmatch(r"\d{4}_\d{2}_\d{2}_\d{4}_\w+\.py", name)


async def _tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))


async def _describe(engine: AsyncEngine) -> dict[tuple[str, str], str]:
    async with engine.connect() as connection:
        return {
            (kind, name): how for kind, name, how in await connection.execute(text(_DESCRIPTION))
        }
