"""What the store is said to hold, beside what it holds."""

import json
import subprocess

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from resolvers.context import Context
from resolvers.identifiers import PREFIXES
from server.administration.projects import choose_projects, create_project
from server.administration.store_statistics import read_statistics
from server.demo import fill
from tests.server_process import COMMAND

_TABLES = [table for table in Base.metadata.sorted_tables if "project_id" in table.c]


async def _two_projects(engine: AsyncEngine) -> dict[str, int]:
    async with engine.begin() as connection:
        await create_project(connection, "other")
        await create_project(connection, "bare")
        projects = await choose_projects(connection, None)
    await fill(Context(engine, projects["default"]), 12)
    await fill(Context(engine, projects["other"]), 24)
    return projects


async def test_rows_are_counted_and_sizes_shared_out(engine: AsyncEngine) -> None:
    projects = await _two_projects(engine)
    statistics = await read_statistics(engine, projects)
    told = {(each.project, each.noun): each for each in statistics.nouns}
    sizes = {each.table: each.bytes for each in statistics.tables}
    assert sizes.keys() == set(Base.metadata.tables)
    assert 0 < sum(sizes.values()) < statistics.database_bytes
    async with engine.connect() as connection:
        for table in _TABLES:
            noun = PREFIXES.get(table, table.name)
            for name, project_id in projects.items():
                rows = await connection.scalar(
                    text(f"SELECT count(*) FROM {table.name} WHERE project_id = {project_id}")
                )
                found = told.get((name, noun))
                assert (0 if found is None else found.rows) == rows, (name, noun)
            shares = [told[name, noun].bytes for name in projects if (name, noun) in told]
            assert not shares or abs(sum(shares) - sizes[table.name]) <= len(shares)
        ages = await connection.execute(
            text("SELECT min(started_at), max(started_at) FROM sessions WHERE project_id = 1")
        )
        assert [
            (each.oldest_session_at, each.newest_session_at)
            for each in statistics.projects
            if each.project == "default"
        ] == [tuple(ages.one())]
    (bare,) = [each for each in statistics.projects if each.project == "bare"]
    assert bare.oldest_session_at is None
    assert not any(each.is_estimate for each in statistics.nouns)
    only = await read_statistics(engine, {"other": projects["other"]})
    assert only.nouns == [each for each in statistics.nouns if each.project == "other"]


async def test_what_takes_too_long_to_count_is_estimated(engine: AsyncEngine) -> None:
    projects = await _two_projects(engine)
    for project_id, rows in ((1, 300_000), (projects["other"], 100_000)):
        keys = f"SELECT {project_id}, n::text, 'm', ''::bytea FROM generate_series(1, {rows}) n"
        async with engine.begin() as connection:
            await connection.execute(
                text(f"INSERT INTO idempotency_keys (project_id, key, mutation, input_hash) {keys}")
            )
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE idempotency_keys"))
    statistics = await read_statistics(engine, projects, count_seconds=0.001)
    told = {each.project: each for each in statistics.nouns if each.noun == "idempotency_keys"}
    assert all(each.is_estimate for each in told.values())
    assert abs(told["default"].rows - 300_000) < 15_000
    assert abs(told["other"].rows - 100_000) < 15_000


async def test_the_command(engine: AsyncEngine, database_url: URL) -> None:
    await _two_projects(engine)
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, "stats", *arguments],
            env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )

    printed = run()
    assert printed.returncode == 0, printed.stderr
    lines = printed.stdout.splitlines()
    assert lines[0].split() == ["PROJECT", "NOUN", "ROWS", "SIZE"]
    assert any(line.split()[:2] == ["default", "total"] for line in lines)
    assert ["PROJECT", "OLDEST", "SESSION", "NEWEST", "SESSION"] in [line.split() for line in lines]
    assert lines[-1].startswith("The database takes ")
    told = json.loads(run("--project", "other", "--json").stdout)
    assert {each["project"] for each in told["nouns"]} == {"other"}
    assert {each["table"] for each in told["tables"]} == set(Base.metadata.tables)
    refused = run("--project", "nowhere")
    assert refused.stderr.startswith("sessiongraph: There is no project nowhere.")
