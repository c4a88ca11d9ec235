"""`sessiongraph backup` and `restore`, on the embedded store and on that of DATABASE_URL."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from migrations import runner
from resolvers.context import Context
from server.client_programs import open_client_programs
from server.command_line import application
from server.database import create_engine
from server.demo import fill
from server.operator_error import OperatorError
from server.settings import Settings
from tests import history
from tests.conftest import http_client, new_name, run
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows
from tests.migrations.contents import read_contents
from tests.server_process import COMMAND, serve

_HEAD = runner.latest_revision()


@pytest.fixture
async def target_url(server_url: URL) -> AsyncIterator[URL]:
    """Another database, without tables."""
    name = new_name("test")
    await run(server_url, f"CREATE DATABASE {name}")
    yield server_url.set(database=name)
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def target(target_url: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(Settings(pool_size=5), target_url)
    yield engine
    await engine.dispose()


async def _run(
    *arguments: str | Path, store: URL, answer: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command on a database, in this process: it takes seconds to start one."""
    url = store.set(drivername="postgresql").render_as_string(hide_password=False)
    ran = await asyncio.to_thread(
        CliRunner().invoke,
        application,
        [*map(str, arguments)],
        input=answer,
        env={"DATABASE_URL": url, **settings},
    )
    if ran.exception is not None:
        assert isinstance(ran.exception, OperatorError), ran.exception
        return subprocess.CompletedProcess([], 1, ran.stdout, f"{ran.stderr}{ran.exception}\n")
    return subprocess.CompletedProcess([], ran.exit_code, ran.stdout, ran.stderr)


def _run_embedded(
    *arguments: str | Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False
    )


async def _back_up(url: URL, file: Path) -> None:
    done = await _run("backup", file, store=url)
    assert done.returncode == 0, done.stderr


async def _sequences(engine: AsyncEngine) -> list[tuple[str, int | None]]:
    asked = text("SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename")
    async with engine.connect() as connection:
        return [(row.sequencename, row.last_value) for row in await connection.execute(asked)]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the account of PostgreSQL can get to."""
    with tempfile.TemporaryDirectory(prefix="sessiongraph-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_an_embedded_store_comes_back_in_another_directory(folder: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    one = {**kept, "SESSIONGRAPH_DATA_DIRECTORY": str(folder / "data")}
    two = {**kept, "SESSIONGRAPH_DATA_DIRECTORY": str(folder / "restored")}
    file = folder / "store.backup"
    question = {"query": "{ sessions(first: 50) { nodes { id sessionId createdAt } } }"}
    recording = "mutation ($name: String!) { createSession(input: {sessionId: $name}) { created } }"
    with serve(one) as (_, address):
        for number in range(5):
            body = {"query": recording, "variables": {"name": f"session {number}"}}
            assert "errors" not in httpx2.post(f"{address}/graphql", json=body).json()
        # beside a running server
        done = _run_embedded("backup", file, environment=one)
        expected = httpx2.post(f"{address}/graphql", json=question).json()
    assert len(expected["data"]["sessions"]["nodes"]) == 5
    size = file.stat().st_size
    assert done.stdout == f"{file}: {size:,} bytes, with the schema {_HEAD}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    restored = _run_embedded("restore", file, environment=two)
    assert restored.returncode == 0, restored.stderr
    assert restored.stderr.splitlines()[-1] == f"{file} is restored, with the schema {_HEAD}."
    with serve(two) as (_, address):
        assert httpx2.post(f"{address}/graphql", json=question).json() == expected
        refused = _run_embedded("restore", file, "--replace", "--yes", environment=two)
        assert refused.returncode == 1
        assert "is in use by a server" in refused.stderr


async def test_a_restored_store_is_equal_and_goes_on(
    engine: AsyncEngine, target: AsyncEngine, tmp_path: Path
) -> None:
    await history.fill(engine, 5)
    await _back_up(engine.url, tmp_path / "backup")
    restored = await _run("restore", tmp_path / "backup", store=target.url)
    assert restored.returncode == 0, restored.stderr
    assert await digest_rows(target) == await digest_rows(engine)
    assert await _sequences(target) == await _sequences(engine)
    assert dict(await _sequences(target))["session_event_positions"]
    await check_invariants(target)
    async with http_client(target) as http:
        client = GraphQLClient(http)
        await client.record("createSession", "created", sessionId="next")
    await history.fill(target, 0)
    async with target.begin() as connection:
        made = text("INSERT INTO projects (name) VALUES ('next') RETURNING id")
        assert await connection.scalar(made) == 2
    await check_invariants(target)


async def test_a_backup_is_of_one_moment(
    engine: AsyncEngine, target: AsyncEngine, tmp_path: Path
) -> None:
    context = Context(engine, 1)
    await fill(context, 20)
    ended = asyncio.Event()

    async def write() -> None:
        seed = 2
        while not ended.is_set():
            await fill(context, 10, seed)
            seed += 1

    writing = asyncio.create_task(write())
    before = await count_rows(engine)
    await _back_up(engine.url, tmp_path / "backup")
    ended.set()
    await writing
    after = await count_rows(engine)
    restored = await _run("restore", tmp_path / "backup", store=target.url)
    assert restored.returncode == 0, restored.stderr
    await check_invariants(target)
    counted = await count_rows(target)
    assert before["messages"] <= counted["messages"] < after["messages"]
    # what was numbered for those who were still writing is not given again
    assert await _next_position(target) > counted["session_events"]


async def _next_position(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        following = await connection.scalar(text("SELECT nextval('session_event_positions')"))
        highest = await connection.scalar(text("SELECT max(position) FROM session_events"))
    assert following > highest
    assert isinstance(following, int)
    return following


@pytest.mark.parametrize("kept_bytes", [100, 0.5, 0.999])
async def test_a_broken_backup_changes_nothing(
    engine: AsyncEngine, target: AsyncEngine, tmp_path: Path, kept_bytes: float
) -> None:
    await history.fill(engine, 3)
    file = tmp_path / "backup"
    await _back_up(engine.url, file)
    whole = file.read_bytes()
    kept = kept_bytes if kept_bytes > 1 else len(whole) * kept_bytes
    file.write_bytes(whole[: int(kept)])
    refused = await _run("restore", file, store=target.url)
    assert refused.returncode == 1
    line = refused.stderr.splitlines()[-1]
    assert line.startswith((f"{file} cannot be restored. pg_restore ", "Nothing was restored. "))
    assert not (await read_contents(target)).columns
    # and where there is something, it stays
    await runner.upgrade(target)
    await history.fill(target, 1)
    filled = await digest_rows(target)
    await target.dispose()
    refused = await _run("restore", file, "--replace", "--yes", store=target.url)
    assert refused.returncode == 1
    assert await digest_rows(target) == filled


async def test_what_is_no_backup_of_a_store_is_refused(
    engine: AsyncEngine, target: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "backup"
    refused = await _run("backup", file, store=target.url)
    assert refused.returncode == 1
    assert refused.stderr == "There is no store of Sessiongraph in it.\n"
    assert list(tmp_path.iterdir()) == []
    file.write_text("CREATE TABLE t ();")
    refused = await _run("restore", file, store=target.url)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"{file} cannot be restored. pg_restore failed:")


async def test_a_filled_database_is_replaced_only_when_that_is_said(
    engine: AsyncEngine, target: AsyncEngine, tmp_path: Path
) -> None:
    await history.fill(engine, 2)
    await _back_up(engine.url, tmp_path / "backup")
    await runner.upgrade(target)
    async with target.begin() as connection:  # as a newer release or a person makes it
        await connection.execute(text("CREATE TABLE newer (id int REFERENCES projects)"))
        await connection.execute(text("CREATE VIEW counted AS SELECT count(*) FROM sessions"))
    filled = await digest_rows(target)
    file, url = tmp_path / "backup", target.url

    async def refused(*options: str, answer: str = "") -> str:
        done = await _run("restore", file, *options, store=url, answer=answer)
        assert done.returncode == 1
        assert await digest_rows(target) == filled
        return done.stderr

    assert "The database is not empty. Give --replace" in await refused()
    in_use = await refused("--replace", "--yes")
    assert in_use.endswith(
        "Nothing was restored. The database is in use by a server. Stop it first.\n"
    )
    await target.dispose()
    declined = await refused("--replace", answer="n\n")
    assert f"deletes everything in the database {url.database}" in declined
    await target.dispose()
    restored = await _run("restore", file, "--replace", store=url, answer="y\n")
    assert restored.returncode == 0, restored.stderr
    assert await digest_rows(target) == await digest_rows(engine)
    assert "newer" not in (await read_contents(target)).columns


async def test_a_backup_of_a_newer_release_is_refused(
    engine: AsyncEngine, target: AsyncEngine, tmp_path: Path
) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    file = tmp_path / "backup"
    await _back_up(engine.url, file)
    refused = await _run("restore", file, store=target.url)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{file} has the schema 9999, which a newer release made. Restore it with that release.\n"
    )
    assert not (await read_contents(target)).columns


@pytest.mark.parametrize("migrates", [True, False])
async def test_a_backup_of_an_older_release_is_migrated_if_that_is_allowed(
    target: AsyncEngine, empty_database_url: URL, tmp_path: Path, *, migrates: bool
) -> None:
    older = create_engine(Settings(pool_size=2), empty_database_url)
    await runner.upgrade(older, "0008")
    await older.dispose()
    file = tmp_path / "backup"
    await _back_up(empty_database_url, file)
    setting = {"SESSIONGRAPH_MIGRATE": str(migrates)}
    restored = await _run("restore", file, store=target.url, **setting)
    assert restored.returncode == 0, restored.stderr
    async with target.connect() as connection:
        assert await runner.is_current(connection) is migrates
    last = restored.stderr.splitlines()[-1]
    assert last == (
        f"The schema was brought up to {_HEAD}."
        if migrates
        else "It is older than this release needs. Run `sessiongraph migrate`."
    )


async def test_a_file_that_is_there_is_kept(database_url: URL, tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("precious")
    refused = await _run("backup", file, store=database_url)
    assert refused.returncode == 1
    assert refused.stderr == (f"{file} is there already. Give --overwrite to replace it.\n")
    assert file.read_text() == "precious"
    assert (await _run("backup", file, "--overwrite", store=database_url)).returncode == 0
    assert file.stat().st_size > 1000
    assert list(tmp_path.iterdir()) == [file]


async def test_the_programs_are_those_of_the_servers_version(engine: AsyncEngine) -> None:
    for settings in (Settings(), Settings().model_copy(update={"database_url": "postgresql://"})):
        programs = await open_client_programs(settings, engine)
        printed = await programs.run("psql", "--no-align", "--tuples-only", "--command=SELECT 1")
        assert printed == b"1\n"
