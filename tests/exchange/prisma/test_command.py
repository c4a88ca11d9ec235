"""The command `sessiongraph import-prisma`, as its users run it."""

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typer.testing import CliRunner, Result

from server.administration.projects import create_project
from server.command_line import application
from server.operator_error import OperatorError
from tests.conftest import new_name, run
from tests.exchange.prisma.sources import ADAPTER, ENHANCED, Source
from tests.invariants import check_invariants, count_rows, digest_rows
from tests.server_process import COMMAND

TIME = "2024-06-20T10:00:00.000Z"
PERMANENT = """
    SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM (
        SELECT id, session_id, sequence, role, content, metadata, created_at FROM messages
        UNION ALL
        SELECT id, id, message_count, status, session_id, metadata, last_activity_at FROM sessions
        UNION ALL
        SELECT subject_id, session_id, sequence, event_type, subject_type, event_data::jsonb,
            occurred_at FROM session_events
    ) t"""
"""What does not tell when a row was written here."""


@pytest.fixture(autouse=True)
def _store(database_url: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", plain(database_url))


def plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


async def import_prisma(*arguments: str) -> Result:
    """Run the command; it runs a loop of its own."""
    runner = CliRunner()
    return await asyncio.to_thread(runner.invoke, application, ["import-prisma", *arguments])


async def complaint_of(*arguments: str) -> str:
    """Run the command, which must end with one line for the operator."""
    done = await import_prisma(*arguments)
    assert isinstance(done.exception, OperatorError), done.exception
    return str(done.exception)


def messages(session: str, count: int) -> list[dict[str, Any]]:
    told = {"sessionId": session, "role": "user", "timestamp": TIME}
    return [
        {"id": f"{session} {number:06}", "content": f"Message {number}", **told}
        for number in range(count)
    ]


async def fill(source: Source, sizes: Sequence[int]) -> None:
    await source.make(ADAPTER)
    for number, size in enumerate(sizes):
        values = {
            "id": f"s{number}",
            "createdAt": TIME,
            "updatedAt": TIME,
            "active": number % 2 == 0,
        }
        await source.add("Session", values)
        if size:
            async with source.engine.begin() as connection:
                await connection.execute(
                    text(
                        'INSERT INTO "Message" (id, "sessionId", role, content, timestamp)'
                        " VALUES (:id, :sessionId, :role, :content, :timestamp)"
                    ),
                    messages(f"s{number}", size),
                )


async def permanent(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return str(await connection.scalar(text(PERMANENT)))


async def test_it_goes_on_after_it_was_killed(
    sqlite: Source,
    engine: AsyncEngine,
    server_url: URL,
    template: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await fill(sqlite, [10, 4_000, 10])
    process = await asyncio.create_subprocess_exec(
        COMMAND,
        "import-prisma",
        sqlite.url,
        env=dict(os.environ),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    while not (await count_rows(engine))["messages"]:
        assert process.returncode is None
    process.send_signal(signal.SIGKILL)
    await process.wait()
    killed = (await count_rows(engine))["messages"]
    assert 0 < killed < 4_020
    await check_invariants(engine)

    done = await import_prisma(sqlite.url)
    assert done.exit_code == 0
    assert f"Message: 4,020 read, {4_020 - killed:,} written, {killed:,} there" in done.stdout
    await check_invariants(engine)
    before = await digest_rows(engine)
    again = await import_prisma(sqlite.url)
    assert "Message: 4,020 read, 0 written, 4,020 there already, 4,020 alike" in again.stdout
    assert "The source and the store agree: " in again.stdout
    assert await digest_rows(engine) == before

    name = new_name("test")
    await run(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    other_url = server_url.set(database=name)
    monkeypatch.setenv("DATABASE_URL", plain(other_url))
    assert (await import_prisma(sqlite.url)).exit_code == 0
    other = create_async_engine(other_url)
    assert await permanent(other) == await permanent(engine)
    await other.dispose()
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_dry_run_writes_nothing_and_tells_all(sqlite: Source, engine: AsyncEngine) -> None:
    await sqlite.make(
        {**ADAPTER, "Message": f"{ADAPTER['Message']} mood", "Order": "total:integer"}
    )
    await sqlite.make({"User": "email", "AuthSession": "userId"})
    await sqlite.run('ALTER TABLE "ToolCall" ADD COLUMN attempts INTEGER')
    await sqlite.add("Session", {"id": "s", "createdAt": TIME, "active": True})
    await sqlite.add("Message", *messages("s", 2), *messages("gone", 12))
    before = await digest_rows(engine)
    done = await import_prisma("--dry-run", sqlite.url)
    assert done.exit_code == 1
    assert "The source has tables of the storage adapter and the enhanced schema:" in done.stderr
    assert "  Message: 14 rows\n    kept in metadata: mood" in done.stderr
    assert "  ToolCall: 0 rows\n    not carried, having no place: attempts" in done.stderr
    assert "  User: 0 rows, not carried; their ids stay as userId" in done.stderr
    assert "  left alone: AuthSession, Order" in done.stderr
    ids = ", ".join(f"gone {number:06}" for number in range(10))
    assert done.stdout.splitlines() == [
        f"refused: Message: Its session is not there, or was refused. (12: {ids} …)",
        "Message: 14 read, 2 would be carried over, 12 refused",
        "Session: 1 read, 1 would be carried over, 0 refused",
        "Nothing was written.",
    ]
    assert await digest_rows(engine) == before


async def test_another_project_takes_it(sqlite: Source, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "other")
    await fill(sqlite, [2])
    assert (await import_prisma(sqlite.url)).exit_code == 0
    done = await import_prisma(sqlite.url, "--project", "other")
    assert "Message: 2 read, 2 written, 0 there already, 2 alike, 0 refused" in done.stdout
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT project_id, count(*) FROM messages GROUP BY 1 ORDER BY 1")
        )
        assert [tuple(row) for row in found] == [(1, 2), (2, 2)]
    complaint = await complaint_of(sqlite.url, "--project", "none")
    assert complaint.startswith("There is no project none.")


@pytest.mark.parametrize("kind", ["json", "toml"])
async def test_names_may_be_mapped_or_in_snake_case(
    source: Source, engine: AsyncEngine, tmp_path: Path, kind: str
) -> None:
    await source.make(
        {
            "runs": "external status up started_at:time created_at:time quality_score:number",
            "session_metric": "session_id metric_type metric_value:number timestamp:time",
        }
    )
    await source.run(
        f"INSERT INTO {source.quote('runs')} (id, external, status, up, quality_score) VALUES"
        " ('a', 'one', 'active', NULL, 0.5), ('b', 'two', 'active', 'a', NULL)"
    )
    await source.run(
        f"INSERT INTO {source.quote('session_metric')} (id, session_id, metric_type, metric_value)"
        " VALUES ('m', 'a', 'latency', 1)"
    )
    mapping = tmp_path / f"names.{kind}"
    mapping.write_text(
        '{"AgentSession": {"table": "runs", "columns": {"sessionId": "external",'
        ' "parentSessionId": "up"}}}'
        if kind == "json"
        else '[AgentSession]\ntable = "runs"\n'
        'columns = {sessionId = "external", parentSessionId = "up"}'
    )
    done = await import_prisma(source.url, "--mapping", str(mapping))
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "SessionMetric: 1 read, 1 written, 0 there already, 1 alike" in done.stdout
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT session_id, depth, quality_score FROM sessions ORDER BY session_id")
        )
        assert [tuple(row) for row in found] == [("one", 0, 0.5), ("two", 1, None)]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ("nonsense", "nonsense is no URL; give postgresql://, mysql:// or file:, as in Prisma's"),
        ("file:./gone.db", "There is no file ./gone.db."),
        ("mongodb://localhost/db", "A mongodb: URL cannot be read; give postgresql://"),
        ("prisma+postgres://localhost/?api_key=x", "A prisma+postgres: URL cannot be read"),
        ("postgresql://user:secret@127.0.0.1:9/db", "No database answers at postgresql"),
        ("mysql://user:secret@127.0.0.1:9/db", "No database answers at mysql"),
        ("postgresql://user:secret@[:x/db", "This is no URL; give postgresql://"),
        ("file:README.md", "The source cannot be read: file is not a database."),
        ("EMPTY", "The source has no tables."),
        ("OTHER", "The source has no table of the predecessors (it has Session). Name its tables"),
        ("SCHEMA", "The source has no schema elsewhere."),
    ],
)
async def test_what_cannot_be_read_is_told_in_one_line(
    sqlite: Source, postgresql: Source, given: str, complaint: str
) -> None:
    if given == "EMPTY":
        given = sqlite.url
    elif given == "OTHER":  # of a library for logins
        await sqlite.make({"Session": "userId expiresAt:time"})
        given = sqlite.url
    elif given == "SCHEMA":
        given = postgresql.url.replace("schema=public", "schema=elsewhere")
    told = await complaint_of(given)
    assert told.startswith(complaint)
    assert "secret" not in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("mapping", "complaint"),
    [
        ("nonsense", "is neither JSON nor"),
        ("[]", "must be an object of models."),
        ('{"Chat": {}}', "names the model Chat; known are AI_Agent, "),
        ('{"Session": {"tabel": "x"}}', "The mapping of Session must be an object of `table`"),
        ('{"Session": {"table": "chats"}}', "The mapping names the table chats, which is not"),
        ('{"Session": {"columns": {"active": "x"}}}', "The mapping names the column Session.x"),
    ],
)
async def test_a_mapping_that_is_wrong_is_told_in_one_line(
    sqlite: Source, tmp_path: Path, mapping: str, complaint: str
) -> None:
    await sqlite.make(ENHANCED | ADAPTER)
    path = tmp_path / "names.json"
    path.write_text(mapping)
    assert complaint in await complaint_of(sqlite.url, "--mapping", str(path))
