"""Projects that are deleted, while others stay."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base, Scope
from resolvers.context import Context
from resolvers.errors import Invalid, NotFound
from server.administration import project_deletion
from server.administration.api_keys import create_key, list_keys
from server.administration.project_deletion import delete_project
from server.administration.projects import create_project, find_project, list_projects
from server.demo import fill
from tests.conftest import http_client
from tests.invariants import check_invariants

_TABLES = [table for table in Base.metadata.sorted_tables if "project_id" in table.c]


async def _count(engine: AsyncEngine) -> Counter[tuple[str, int]]:
    """How many rows each project has in each table."""
    counted: Counter[tuple[str, int]] = Counter()
    async with engine.connect() as connection:
        for table in _TABLES:
            grouped = f"SELECT project_id, count(*) FROM {table.name} GROUP BY project_id"
            for project_id, count in await connection.execute(text(grouped)):
                counted[table.name, project_id] = count
    return counted


@pytest.fixture
async def other(engine: AsyncEngine) -> int:
    """The id of a filled project beside the default one, which is filled as well."""
    async with engine.begin() as connection:
        await create_project(connection, "other")
        await create_key(connection, "other", "test", [Scope.RECORD])
        project_id = await find_project(connection, "other")
    for each in (1, project_id):
        await fill(Context(engine, each), 12)
    return project_id


async def test_everything_of_a_project_goes_in_batches(
    engine: AsyncEngine, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_deletion, "_BATCH_ROWS", 7)
    before = await _count(engine)
    assert {table for table, project in before if project == other} >= {
        "sessions", "messages", "tool_calls", "session_events", "memories", "agents"
    }  # fmt: skip
    told: Counter[str] = Counter()

    def tell(table: str, rows: int) -> None:
        # sessions below one another may go with it
        assert rows <= 7
        told[table] += rows

    await delete_project(engine, "other", tell)
    after = await _count(engine)
    assert {project for _, project in after} == {1}
    assert after == Counter({key: count for key, count in before.items() if key[1] == 1})
    gone = {table: count for (table, project), count in before.items() if project == other}
    assert told["messages"] == gone["messages"]
    async with engine.connect() as connection:
        assert [project.name for project in await list_projects(connection)] == ["default"]
    await check_invariants(engine)


async def test_a_deletion_that_was_broken_off_goes_on(
    engine: AsyncEngine, other: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_deletion, "_BATCH_ROWS", 50)

    def stop(table: str, rows: int) -> None:
        if table == "messages":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await delete_project(engine, "other", stop)
    async with engine.connect() as connection:
        (listed,) = [each for each in await list_projects(connection) if each.name == "other"]
        assert listed.deleted_at is not None
        assert listed.keys == 0
        assert listed.sessions > 0
        assert all(key.revoked_at for key in await list_keys(connection))
        with pytest.raises(NotFound):
            await create_key(connection, "other", "test", [Scope.RECORD])
    await delete_project(engine, "other", lambda table, rows: None)
    assert {project for _, project in await _count(engine)} == {1}


async def test_what_is_written_meanwhile_goes_too(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "busy")
        key = await create_key(connection, "busy", "test", [Scope.RECORD])
    query = {"query": "mutation { createSession(input: {}) { created } }"}
    has_begun = asyncio.Event()
    async with http_client(engine, key) as http:

        async def write() -> str:
            while True:
                answer = (await http.post("/graphql", json=query)).json()
                if "errors" in answer:
                    return str(answer["errors"][0]["extensions"]["code"])
                has_begun.set()

        # the key is known to the server for some seconds more
        writers = [asyncio.create_task(write()) for _ in range(4)]
        await has_begun.wait()
        await delete_project(engine, "busy", lambda table, rows: None)
        assert set(await asyncio.gather(*writers)) <= {"NOT_FOUND", "UNAUTHENTICATED"}
    assert await _count(engine) == Counter()


async def test_the_default_project_stays(engine: AsyncEngine) -> None:
    with pytest.raises(Invalid):
        await delete_project(engine, "default", lambda table, rows: None)
    with pytest.raises(NotFound):
        await delete_project(engine, "nowhere", lambda table, rows: None)
