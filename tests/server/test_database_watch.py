"""A database that says nothing: who waits for it is told in time, and it is used again later."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from resolvers.database_transaction import ConnectionLostError, DatabaseTransaction
from server import database_watch
from server.database import create_engine
from server.database_watch import DatabaseSilentError, DatabaseWatch
from server.settings import Settings
from tests.conftest import http_client
from tests.database_proxy import DatabaseProxy, database_proxy
from tests.server_process import make_environment, serve

SETTINGS = Settings(database_timeout_seconds=0.2, pool_size=2)
IN_TIME = 10.0
QUERY = {"query": "{ sessions(first: 1) { nodes { id } } }"}


@pytest.fixture
async def proxy(database_url: URL) -> AsyncIterator[DatabaseProxy]:
    async with database_proxy(database_url) as made:
        yield made


@pytest.fixture
async def watched(
    proxy: DatabaseProxy, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[AsyncEngine]:
    """A server's engine, whose watch looks often."""
    monkeypatch.setattr(database_watch, "_PAUSE_SECONDS", 0.01)
    engine = create_engine(SETTINGS, proxy.url)
    watching = asyncio.create_task(DatabaseWatch(SETTINGS, engine).run())
    yield engine
    assert not watching.done()
    watching.cancel()
    await asyncio.wait({watching})
    await engine.dispose()


def test_the_default_is_what_the_guide_promises() -> None:
    assert Settings().database_timeout_seconds + database_watch._PAUSE_SECONDS <= 15


async def _select(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def _run(engine: AsyncEngine) -> None:
    async with DatabaseTransaction(engine) as transaction:
        await transaction.begin()
        await transaction._run("SELECT 1")


async def _until_it_answers(engine: AsyncEngine) -> None:
    while True:
        try:
            await _run(engine)
        except DatabaseSilentError:
            await asyncio.sleep(0.01)
        else:
            return


async def test_what_waits_for_a_silent_database_is_told(
    proxy: DatabaseProxy, watched: AsyncEngine
) -> None:
    await asyncio.gather(_select(watched), _run(watched))
    proxy.speaks.clear()
    async with asyncio.timeout(IN_TIME):
        # more than there are connections
        told = await asyncio.gather(
            *[_select(watched) for _ in range(4)],
            *[_run(watched) for _ in range(4)],
            return_exceptions=True,
        )
    assert {type(each) for each in told} <= {DBAPIError, ConnectionLostError, DatabaseSilentError}
    with pytest.raises(DatabaseSilentError):
        await _run(watched)
    proxy.speaks.set()
    async with asyncio.timeout(IN_TIME):
        await _until_it_answers(watched)


async def test_clients_are_told_that_it_is_away(proxy: DatabaseProxy, watched: AsyncEngine) -> None:
    async with http_client(watched) as client:
        assert (await client.post("/graphql", json=QUERY)).json()["data"]
        assert (await client.get("/readyz")).status_code == 200
        proxy.speaks.clear()
        with capture_logs() as logs:
            async with asyncio.timeout(IN_TIME):
                for _ in range(3):
                    answers = await asyncio.gather(
                        *[client.post("/graphql", json=QUERY) for _ in range(4)]
                    )
                    codes = [each.json()["errors"][0]["extensions"]["code"] for each in answers]
                    assert codes == ["UNAVAILABLE"] * 4
        assert not any(line["log_level"] == "error" or "exc_info" in line for line in logs)
        assert (await client.get("/readyz")).status_code == 503
        proxy.speaks.set()
        async with asyncio.timeout(IN_TIME):
            await _until_it_answers(watched)
            assert (await client.get("/readyz")).status_code == 200
        assert (await client.post("/graphql", json=QUERY)).json()["data"]


async def test_a_slow_statement_is_no_silence(watched: AsyncEngine) -> None:
    async with watched.connect() as connection:
        slow = text("SELECT pg_sleep(:seconds)")
        await connection.execute(slow, {"seconds": 3 * SETTINGS.database_timeout_seconds})


async def test_a_database_that_refuses_is_not_silent(
    proxy: DatabaseProxy, watched: AsyncEngine
) -> None:
    await _run(watched)
    nowhere = create_engine(SETTINGS, proxy.url.set(port=1))
    watch = DatabaseWatch(SETTINGS, nowhere)
    await watch._look()
    assert not watch._is_silent
    await watch._own.dispose()


async def test_a_server_gives_up_the_connection_that_it_started_with_too(
    proxy: DatabaseProxy, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = {
        **make_environment(tmp_path_factory.mktemp("serve")),
        "DATABASE_URL": proxy.url.set(drivername="postgresql").render_as_string(
            hide_password=False
        ),
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_DATABASE_TIMEOUT_SECONDS": "0.5",
        "SESSIONGRAPH_LOG_LEVEL": "ERROR",
    }
    served = serve(environment)
    _, address = await asyncio.to_thread(served.__enter__)
    try:
        proxy.speaks.clear()
        async with asyncio.timeout(IN_TIME), httpx2.AsyncClient(timeout=IN_TIME) as client:
            answer = await client.post(f"{address}/graphql", json=QUERY)
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    finally:
        proxy.speaks.set()
        await asyncio.to_thread(served.__exit__, None, None, None)
