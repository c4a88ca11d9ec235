"""`sessiongraph import` as an operator runs it."""

import gzip
import json
import subprocess
from asyncio import create_subprocess_exec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.exchange.taken import take_file, write_lines
from tests.server_process import COMMAND, make_environment

_SESSIONS = 400


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory, database_url: URL) -> dict[str, str]:
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    made = make_environment(tmp_path_factory.mktemp("import"))
    return {**made, "DATABASE_URL": address}


def run(
    environment: dict[str, str], *arguments: str | Path, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "import", *arguments],
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def response(session: int, number: int) -> dict[str, Any]:
    return {
        "id": f"resp_{session}_{number}",
        "object": "response",
        "conversation": {"id": f"conv_{session}"},
        "created_at": 1_780_000_000 + number,
        "input": f"Question {number}",
        "output": [{"type": "message", "role": "assistant", "content": f"Answer {number}"}],
    }


async def test_an_import_that_is_killed_goes_on(
    environment: dict[str, str], engine: AsyncEngine, tmp_path: Path
) -> None:
    file = tmp_path / "responses.jsonl"
    write_lines(
        file, *(response(session, number) for number in range(2) for session in range(_SESSIONS))
    )
    process = await create_subprocess_exec(
        COMMAND, "import", file, env=environment, stderr=subprocess.DEVNULL
    )
    there = 0
    async with engine.connect() as connection:
        while there < _SESSIONS // 20:
            assert process.returncode is None
            counted = await connection.execute(text("SELECT count(*) FROM sessions"))
            there = counted.scalar_one()
    process.kill()
    await process.wait()
    imported = await take_file(engine, file)
    assert 0 < sum(each.is_new for each in imported) <= _SESSIONS - there
    async with engine.connect() as connection:
        counted = await connection.execute(
            text("SELECT count(*), sum(message_count), min(message_count) FROM sessions")
        )
        assert tuple(counted.one()) == (_SESSIONS, _SESSIONS * 4, 4)


def test_a_file_is_taken_in_compressed_or_from_the_standard_input(
    environment: dict[str, str], tmp_path: Path
) -> None:
    text_of_file = "".join(json.dumps(response(0, number)) + "\n" for number in range(2))
    packed = tmp_path / "responses.gz"
    packed.write_bytes(gzip.compress(text_of_file.encode()))
    first = run(environment, packed, "--format", "openai-responses")
    assert first.stdout == (
        "1 sessions, 4 messages and 0 tool calls imported; 0 sessions were there already; "
        "0 lines refused.\n"
    ), first.stderr
    piped = run(environment, "-", given=text_of_file + json.dumps(response(0, 2)))
    assert piped.stdout == (
        "0 sessions, 2 messages and 0 tool calls imported; 1 sessions were there already; "
        "0 lines refused.\n"
    ), piped.stderr


@pytest.mark.parametrize(
    ("arguments", "content", "refusal"),
    [
        (("--format", "xml"), b"", "There is no format xml. Give one of chat-completions, "),
        ((), b'{"a": 1}\n', "--format: The first line is of no form that is known. Give one of"),
        ((), b"\x1f\x8b\x08", "Cannot read "),
        (("--format", "langsmith-runs"), b"no gzip", "Cannot read "),
    ],
)
def test_what_an_operator_can_mend_is_one_line(
    environment: dict[str, str],
    tmp_path: Path,
    arguments: tuple[str, ...],
    content: bytes,
    refusal: str,
) -> None:
    file = tmp_path / ("lines.jsonl" if content.startswith(b"{") else "lines.gz")
    file.write_bytes(content)
    refused = run(environment, file, *arguments)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith(f"sessiongraph: {refusal}")
    assert "Traceback" not in refused.stderr
