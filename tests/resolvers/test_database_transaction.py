"""What becomes of a transaction whose connection ends, or says nothing any more."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers import database_transaction
from resolvers.database_transaction import ConnectionLostError, DatabaseTransaction
from server.database import create_engine
from server.settings import Settings
from tests.database_proxy import DatabaseProxy, database_proxy

END_ALL = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
async def proxy(database_url: URL) -> AsyncIterator[DatabaseProxy]:
    async with database_proxy(database_url) as made:
        yield made


@pytest.fixture
async def alone(proxy: DatabaseProxy) -> AsyncIterator[AsyncEngine]:
    """An engine of one connection, through the proxy."""
    made = create_engine(Settings(pool_size=1), proxy.url)
    yield made
    await made.dispose()


async def _run(engine: AsyncEngine, command: str) -> None:
    async with DatabaseTransaction(engine) as transaction:
        await transaction.begin()
        await transaction._run(command)


async def test_a_connection_whose_end_is_announced_is_lost(
    proxy: DatabaseProxy, alone: AsyncEngine, engine: AsyncEngine
) -> None:
    proxy.keeps_ends = True

    async def go_on_after_the_end() -> None:
        async with DatabaseTransaction(alone) as transaction:
            await transaction.begin()
            async with engine.connect() as other:
                await other.execute(END_ALL)
            await proxy.has_ended.wait()
            for _ in range(10):  # the driver reads what the server said last
                await asyncio.sleep(0)
            await transaction._run("SELECT 1")

    with pytest.raises(ConnectionLostError):
        await go_on_after_the_end()
    proxy.keeps_ends = False
    await _run(alone, "SELECT 1")


@pytest.mark.parametrize("within_savepoint", [False, True])
async def test_a_rollback_that_is_not_answered_is_given_up(
    proxy: DatabaseProxy,
    alone: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
    within_savepoint: bool,
) -> None:
    assert database_transaction._ROLLBACK_SECONDS <= 2
    monkeypatch.setattr(database_transaction, "_ROLLBACK_SECONDS", 0.05)

    async def wait_for_an_answer() -> None:
        async with DatabaseTransaction(alone) as transaction:
            await transaction.begin()
            if within_savepoint:
                async with transaction.savepoint():
                    proxy.speaks.clear()
                    await transaction._run("SELECT 1")
            proxy.speaks.clear()
            await transaction._run("SELECT 1")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await wait_for_an_answer()
    proxy.speaks.set()
    await _run(alone, "SELECT 1")
