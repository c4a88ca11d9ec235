"""`sessiongraph export` as an operator meets it."""

import asyncio
import gzip
import re
import signal
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from server.commands.export_file import export_file
from server.operator_error import OperatorError
from tests.exchange.archive.archives import import_path, refusals
from tests.factories import create_session
from tests.graphql_client import GraphQLClient
from tests.history import fill
from tests.waiting import until

_COMMAND = Path(sys.executable).with_name("sessiongraph")


@pytest.fixture(autouse=True)
def _store(database_url: URL, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)


def _names() -> list[str]:
    return [path.name for path in Path().iterdir()]


async def _run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [str(_COMMAND), "export", *arguments]
    return await asyncio.to_thread(
        lambda: subprocess.run(command, capture_output=True, check=False)
    )


async def test_a_project_is_written_and_restored(
    engine: AsyncEngine, other_project: GraphQLClient
) -> None:
    await fill(engine, 2)
    written = await _run("all.jsonl.gz")
    assert written.returncode == 0, written.stderr
    rows = gzip.decompress(Path("all.jsonl.gz").read_bytes()).splitlines()
    assert f"{len(rows) - 2} rows exported" in written.stderr.decode()
    assert "exportedAt" in orjson.loads(rows[0])["sessiongraph"]
    assert _names() == ["all.jsonl.gz"]
    assert Path("all.jsonl.gz").stat().st_mode & 0o777 == 0o600, "it is its owner's to read"
    assert not refusals(await import_path(engine, Path("all.jsonl.gz"), 2))
    data = await other_project.execute("{ sessions { totalCount } }")
    assert data["sessions"]["totalCount"] == 8


async def test_a_session_or_a_range_goes_to_the_standard_output(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql, "old", startedAt="2025-01-01T00:00:00Z")
    session = await create_session(graphql, "new", startedAt="2026-01-01T00:00:00Z")
    for arguments in (
        ["--session", "new"],
        ["--session", session["id"], "-"],
        ["--from", "2025-06-01T00:00:00Z"],
        ["--from", "2026-01-01T01:00:00+01:00", "--to", "2026-01-01T00:00:01Z"],
    ):
        lines = [orjson.loads(line) for line in (await _run(*arguments)).stdout.splitlines()]
        names = [line["session"]["sessionId"] for line in lines if "session" in line]
        assert names == ["new"], arguments
    chat = await _run("--format", "chat-completions", "--to", "2025-06-01T00:00:00Z")
    assert orjson.loads(chat.stdout) == {"session_id": "old", "metadata": {}, "messages": []}
    assert "1 sessions exported" in chat.stderr.decode()


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"session": "nobody"}, "There is no session nobody."),
        ({"project": "nowhere"}, "There is no project nowhere."),
        ({"session": "agent_01h455vb4pex5vsknk084sn02q"}, "This is the id of a agent"),
        ({"session": "a", "began_from": "2026-01-01T00:00:00Z"}, "not both"),
        ({"began_from": "yesterday"}, "--from: Give a time as RFC 3339"),
        ({"began_before": "2026-01-01T00:00:00"}, "--to: Give the time's offset"),
        ({"file": Path("nowhere/file")}, "There is no folder nowhere."),
    ],
    ids=str,
)
async def test_what_cannot_be_exported_is_told_in_a_line(
    arguments: dict[str, str], refusal: str, engine: AsyncEngine
) -> None:
    given = {"file": Path("file.jsonl"), **arguments}
    with pytest.raises(OperatorError, match=re.escape(refusal)):
        await asyncio.to_thread(lambda: export_file(**given))  # type: ignore[arg-type]  # as drawn
    assert _names() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_export_that_is_interrupted_leaves_no_file(
    number: signal.Signals, graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"))
        process = await asyncio.create_subprocess_exec(
            _COMMAND, "export", "file.jsonl", stderr=subprocess.DEVNULL
        )
        await until(lambda: bool(_names()))
        assert "file.jsonl" not in _names()
        process.send_signal(number)
        assert await process.wait() != 0
    assert _names() == []


async def test_a_reader_that_goes_away_ends_it(engine: AsyncEngine) -> None:
    await fill(engine, 20)
    command = f"{_COMMAND} export | head -n 1"
    run = await asyncio.to_thread(
        lambda: subprocess.run(["sh", "-c", command], capture_output=True, check=False)
    )
    assert run.stdout.count(b"\n") == 1
    assert b"Traceback" not in run.stderr
