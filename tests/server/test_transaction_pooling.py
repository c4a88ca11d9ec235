"""The server behind a real PgBouncer whose connections go from hand to hand (transaction mode)."""

import asyncio
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from structlog.testing import capture_logs

from resolvers.context import Context
from server.authentication import DEFAULT_PROJECT_ID
from server.database import check_server, create_engine, read_url, settings_left_to_the_role
from server.demo import fill
from server.notices import change_notices
from server.notices.change_notices import ChangeNotices
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store
from tests.conftest import http_client, run
from tests.graphql_client import GraphQLClient
from tests.waiting import until

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SERVER_CONNECTIONS = 2

pytestmark = pytest.mark.skipif(
    PGBOUNCER is None,
    reason="NOT TESTED: transaction pooling, since there is no PgBouncer (apt install pgbouncer)",
)


def _version() -> tuple[int, ...]:
    printed = subprocess.run(
        [str(PGBOUNCER), "--version"], capture_output=True, text=True, check=True
    )
    found = re.search(r"PgBouncer (\d+)\.(\d+)", printed.stdout)
    assert found is not None
    return int(found[1]), int(found[2])


@pytest.fixture
def pooled_url(empty_database_url: URL) -> Iterator[str]:
    """An empty database behind a PgBouncer that has two connections to it."""
    database = empty_database_url
    place = database.query.get("host") or database.host
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as probe:
        folder = Path(name)
        folder.chmod(0o755)
        port = probe.getsockname()[1]
        probe.close()
        configuration = folder / "pgbouncer.ini"
        password = f"password={database.password}" if database.password else ""
        configuration.write_text(
            f"""[databases]
            * = host={place} port={database.port or 5432} user={database.username} {password}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {port}
            unix_socket_dir =
            auth_type = any
            pool_mode = transaction
            default_pool_size = {SERVER_CONNECTIONS}
            {"max_prepared_statements = 100" if _version() >= (1, 21) else ""}
            """
        )
        command = [str(PGBOUNCER), str(configuration)]
        if os.geteuid() == 0:  # which it will not run as; the socket's folder admits its owner
            owner = Path(str(place)).stat().st_uid if str(place).startswith("/") else 65534
            command += ["-u", pwd.getpwuid(owner).pw_name]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for line in process.stderr:
                if "process up" in line:
                    break
            else:
                pytest.fail("PgBouncer did not start")
            yield f"postgresql://postgres@127.0.0.1:{port}/{database.database}"
            process.terminate()
            process.communicate()


def _settings(url: str, **others: Any) -> Settings:
    made = Settings(transaction_pooling=True, **others)
    return made.model_copy(update={"database_url": url})


def _address(database: URL) -> str:
    return database.set(drivername="postgresql").render_as_string(hide_password=False)


async def test_a_schema_is_not_migrated_through_a_pooler(pooled_url: str) -> None:
    with pytest.raises(OperatorError, match="set SESSIONGRAPH_LISTEN_URL to the address"):
        async with open_store(_settings(pooled_url), lambda _line: None):
            pass


async def test_a_pooler_is_told_from_postgresql(pooled_url: str) -> None:
    engine = create_engine(Settings(), read_url(pooled_url))
    with pytest.raises(OperatorError, match="set SESSIONGRAPH_TRANSACTION_POOLING=true"):
        await check_server(engine)
    await engine.dispose()


@pytest.mark.parametrize(
    "prepared_statements",
    [
        None,
        pytest.param(
            True,
            marks=pytest.mark.skipif(
                PGBOUNCER is None or _version() < (1, 21),
                reason="NOT TESTED: prepared statements behind PgBouncer, since it is before 1.21",
            ),
        ),
    ],
)
async def test_everything_runs_on_connections_that_change(
    pooled_url: str, empty_database_url: URL, prepared_statements: bool | None
) -> None:
    settings = _settings(
        pooled_url,
        prepared_statements=prepared_statements,
        listen_url=_address(empty_database_url),
    )
    async with open_store(settings, lambda _line: None) as engine:
        summary = await fill(Context(engine, DEFAULT_PROJECT_ID), 30)
        assert summary.sessions > 0
        query = """query ($first: Int!, $title: String) {
          sessions(first: $first, filter: {title: {eq: $title}}) { totalCount }
          all: sessions(first: $first) { nodes { id usage { inputTokens }
            messages(last: 20) { nodes { content toolCalls { nodes { arguments } } } } } } }"""
        async with http_client(engine) as http:
            graphql = GraphQLClient(http)
            expected = await graphql.execute(query, first=5, title="none")
            assert len(expected["all"]["nodes"]) == 5

            async def read_and_write(number: int) -> None:
                name = f"agent-{number}"
                created = await graphql.record("createAgent", "created", agentId=name, name=name)
                assert created == {"created": True}
                assert await graphql.execute(query, first=5, title="none") == expected

            for start in range(0, 60, 20):
                await asyncio.gather(*[read_and_write(start + each) for each in range(20)])
        async with engine.connect() as connection:
            backends = await connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND backend_type = 'client backend'"
                )
            )
        assert backends == SERVER_CONNECTIONS


async def test_the_role_is_to_have_what_a_pooler_does_not_pass_on(
    pooled_url: str, empty_database_url: URL
) -> None:
    settings = _settings(pooled_url, statement_timeout_seconds=2)
    engine = create_engine(settings, read_url(pooled_url))
    left = await settings_left_to_the_role(settings, engine)
    assert "ALTER ROLE postgres SET statement_timeout = '2000';" in left
    database = empty_database_url.database
    for statement in left:
        # for this database alone, since other tests share the role
        await run(
            empty_database_url,
            statement.replace(" SET ", f" IN DATABASE {database} SET ").rstrip(";"),
        )
    await run(
        empty_database_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{database}' AND pid <> pg_backend_pid()",
    )
    assert await settings_left_to_the_role(settings, engine) == []
    await engine.dispose()


async def test_notices_of_changes_are_heard_past_it_only(
    pooled_url: str, empty_database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_notices, "_DEAF_POLL_SECONDS", 0.1)
    direct = _address(empty_database_url)
    past_it = ChangeNotices(_settings(pooled_url, listen_url=direct), read_url(pooled_url))
    through = ChangeNotices(_settings(pooled_url, listen_url=pooled_url), read_url(pooled_url))
    with capture_logs() as logs:
        async with past_it.exchanged(), through.exchanged():
            await until(lambda: past_it.is_heard and bool(logs))
            assert not through.is_heard
    assert {line["reason"] for line in logs} == {"The connection is silent"}
