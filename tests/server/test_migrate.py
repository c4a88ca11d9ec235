"""What a server and `sessiongraph migrate` say of a schema that is older or newer than they are."""

import asyncio

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from migrations import runner
from server.command_line import application
from server.database import create_engine
from server.operator_error import OperatorError
from server.settings import Settings
from server.store import open_store
from tests.conftest import http_client, run
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants

_HEAD = runner.latest_revision()


def _address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


async def _check(url: URL) -> tuple[str, str]:
    """Run `migrate --check`; give what it refused, which ends a process with 1, and printed."""
    environment = {"DATABASE_URL": _address(url)}
    ran = await asyncio.to_thread(
        lambda: CliRunner().invoke(application, ["migrate", "--check"], env=environment)
    )
    assert ran.exception is None or isinstance(ran.exception, OperatorError)
    return str(ran.exception or ""), ran.stdout


async def test_a_check_tells_both_revisions_and_changes_nothing(empty_database_url: URL) -> None:
    engine = create_engine(Settings(pool_size=2), empty_database_url)
    for revision, told in ((None, "none"), ("0008", "0008")):
        if revision is not None:
            await runner.upgrade(engine, revision)
        refusal = (
            f"The database's schema is at revision {told}, and this release needs {_HEAD}. "
            "Run `sessiongraph migrate`."
        )
        assert await _check(empty_database_url) == (refusal, "")
        async with engine.connect() as connection:
            assert await runner.current_revision(connection) == revision
    await runner.upgrade(engine)
    await engine.dispose()
    agreed = f"The database's schema is at revision {_HEAD}, as this release needs.\n"
    assert await _check(empty_database_url) == ("", agreed)


@pytest.mark.parametrize("release", ["99.1.0", None])
async def test_a_newer_schema_names_the_release_to_run(
    database_url: URL, release: str | None
) -> None:
    signed = "NULL" if release is None else f"'{release}'"
    await run(database_url, "UPDATE alembic_version SET version_num = '9999'")
    await run(database_url, f"COMMENT ON TABLE alembic_version IS {signed}")
    expected = (
        "The database's schema is at revision 9999, which "
        f"{release or 'a newer release'} made. Run that release."
    )
    settings = Settings().model_copy(update={"database_url": _address(database_url)})
    with pytest.raises(OperatorError) as raised:
        async with open_store(settings, lambda _line: None):
            pass
    assert str(raised.value) == expected
    assert await _check(database_url) == (expected, "")


async def test_a_server_goes_on_while_a_newer_release_migrates(engine: AsyncEngine) -> None:
    async with http_client(engine) as http:
        client = GraphQLClient(http)

        async def use(number: int) -> None:
            name = f"session-{number}"
            await client.record("createSession", "created", sessionId=name)
            await client.record(
                "recordMessage", "message { id }", session=name, role="USER", content="Hi"
            )
            found = await client.execute("{ sessions { totalCount nodes { sessionId } } }")
            assert found["sessions"]["totalCount"] == number

        await use(1)
        for number, statement in enumerate(
            (
                "ALTER TABLE sessions ADD COLUMN mood text",
                "ALTER TABLE messages ADD COLUMN weight int NOT NULL DEFAULT 1",
                "CREATE INDEX CONCURRENTLY newer ON messages (project_id, weight)",
                "UPDATE alembic_version SET version_num = '9999'",
            )
        ):
            await run(engine.url, statement)
            await use(number + 2)
        answer = await http.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"status": "ready", "database": "up", "schema": "newer"}
    await check_invariants(engine)
