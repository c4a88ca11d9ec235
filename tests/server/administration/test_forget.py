"""`sessiongraph forget`, as an operator types it."""

import json
import subprocess
from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.context import Context
from server.demo import fill
from tests.factories import create_memory, create_session, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants
from tests.server_process import COMMAND

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(database_url: URL) -> Start:
    """Starts the command on the test's database."""
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)

    def start(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [COMMAND, "forget", *arguments],
            env={"DATABASE_URL": url, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def _end(process: "subprocess.Popen[str]", answer: str = "") -> tuple[int, str, str]:
    output, errors = process.communicate(answer)
    return process.returncode, output, errors


async def test_a_person_from_the_question_to_the_proof(
    start: Start, engine: AsyncEngine, graphql: GraphQLClient
) -> None:
    await create_session(graphql, "of ann", userId="ann")
    await record_message(graphql, "of ann")
    await create_memory(graphql, session="of ann")
    await create_session(graphql)
    said = await record_message(graphql, content="ann said so")
    code, _, errors = _end(start("--user", "ann"))
    assert (code, errors) == (1, "sessiongraph: Give --project NAME or --all-projects.\n")
    code, _, errors = _end(start("--user", "ann", "--all-projects"), "anna\n")
    assert code == 1
    assert errors.endswith("sessiongraph: That is not the ID; nothing was erased.\n")
    code, output, _ = _end(start("--user", "ann", "--all-projects", "--dry-run"))
    assert code == 0
    assert "Nothing was changed." in output
    assert "messages: 1 rows would be deleted" in output
    code, output, _ = _end(start("--user", "ann", "--project", "default"), "ann\n")
    assert code == 1
    assert "sessions: 1 rows deleted" in output
    assert "1 memories of nobody come from their sessions and stay" in output
    assert f"default: messages {said['id']}, in content: mentions them" in output
    assert "No table" not in output
    await graphql.record("deleteMessage", "session { id }", message=said["id"])
    code, output, _ = _end(start("--user", "ann", "--all-projects", "--yes"))
    assert code == 0
    assert output.startswith("No table holds ann any more (")
    code, output, _ = _end(start("--user", "ann", "--all-projects", "--yes", "--json"))
    certificate = json.loads(output)
    assert certificate["is_proof"]
    assert (certificate["user"], certificate["projects"]) == ("ann", ["default"])
    assert certificate["ended_at"] > certificate["began_at"]
    assert certificate["searched_columns"] > certificate["searched_tables"] > 15
    await check_invariants(engine)


async def test_one_that_was_killed_goes_on(start: Start, engine: AsyncEngine) -> None:
    await fill(Context(engine, 1), 150)
    count = text("SELECT count(*) FROM sessions WHERE user_id = 'ann'")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE sessions SET user_id = 'ann'"))
        await connection.execute(text("UPDATE memories SET user_id = 'ann'"))
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        before = await connection.scalar(count)
        process = start("--user", "ann", "--project", "default", "--yes")
        while await connection.scalar(count) == before:
            assert process.poll() is None
        process.kill()
        _end(process)
        assert await connection.scalar(count) < before
        await check_invariants(engine)
        code, output, errors = _end(start("--user", "ann", "--project", "default", "--yes"))
        assert code == 0, (output, errors)
        assert await connection.scalar(count) == 0
    await check_invariants(engine)
