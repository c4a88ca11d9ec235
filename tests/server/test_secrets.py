"""Neither logs nor answers tell passwords, keys, or what clients wrote."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx2
import pytest
from sqlalchemy.engine import URL

from tests.conftest import run
from tests.server_process import COMMAND, READY_SECONDS, make_environment

PASSWORD = "databasesecret"
KEY = "sg_abcdef012345_keysecret"
WRITTEN = "variablesecret"


@contextmanager
def _serve(environment: dict[str, str], output: Path) -> Iterator[str]:
    """Run a server whose whole output goes to a file."""
    with output.open("w") as file:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0"],
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = monotonic() + READY_SECONDS
        while not (found := re.search(r"Sessiongraph: (http://\S+)", output.read_text())):
            assert monotonic() < deadline
            assert process.poll() is None, output.read_text()
            sleep(0.02)
        yield found[1]
    finally:
        process.terminate()
        process.wait(READY_SECONDS)


def _requests(address: str) -> Iterator[httpx2.Response]:
    bearer = {"authorization": f"Bearer {KEY}"}
    texts = [
        f'{{ session(id: "{WRITTEN}") {{ id }} }}',
        f"{{ {WRITTEN} }}",
        f'{{ session(id: "{WRITTEN}',
        f'mutation {{ createSession(input: {{title: "{WRITTEN}", status: {WRITTEN}}}) {{ id }} }}',
        (
            f'mutation {{ recordMessage(input: {{session: "{WRITTEN}", role: USER, '
            f'content: "{WRITTEN}"}}) {{ message {{ id }} }} }}'
        ),
    ]
    variables = {"id": WRITTEN, "input": {WRITTEN: WRITTEN}}
    for headers in ({}, bearer, {"authorization": KEY}, {"authorization": f"Basic {KEY}"}):
        for text in texts:
            body = {"query": text, "variables": variables}
            yield httpx2.post(f"{address}/graphql", json=body, headers=headers)
    query = "query ($id: ID!, $input: CreateSessionInput) { session(id: $id) { id } }"
    yield httpx2.post(f"{address}/graphql", json={"query": query, "variables": variables})
    yield httpx2.post(f"{address}/graphql", content=WRITTEN.encode())
    yield httpx2.get(f"{address}/graphql", params={"query": WRITTEN})
    yield httpx2.get(f"{address}/healthz", params={"token": WRITTEN})


async def test_no_secret_is_told(
    tmp_path_factory: pytest.TempPathFactory, database_url: URL
) -> None:
    folder = tmp_path_factory.mktemp("secrets")
    given = database_url.set(drivername="postgresql", password=PASSWORD)
    environment = {
        **make_environment(folder),
        "DATABASE_URL": given.render_as_string(hide_password=False),
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_LOG_LEVEL": "DEBUG",
        "SESSIONGRAPH_SLOW_OPERATION_SECONDS": "0.000001",
    }
    output = folder / "output"
    with _serve(environment, output) as address:
        answers = [response.text for response in _requests(address)]
        assert "slow operation" in output.read_text()
        assert httpx2.get(f"{address}/metrics").text.count(WRITTEN) == 0
        # what PostgreSQL and the driver say of a database that is gone is told to nobody
        await run(database_url.set(database="postgres"), _DROP.format(database_url.database))
        answers += [response.text for response in _requests(address)]
        assert any("UNAVAILABLE" in answer or "INTERNAL" in answer for answer in answers)
        await run(database_url.set(database="postgres"), f"CREATE DATABASE {database_url.database}")
    logged = output.read_text()
    for secret in (PASSWORD, "keysecret", "abcdef012345"):
        assert secret not in logged
        assert not any(secret in answer for answer in answers)
    assert WRITTEN not in logged


_DROP = "DROP DATABASE {} WITH (FORCE)"
