from collections.abc import AsyncIterator

import pytest
from asyncpg import InternalClientError
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database import create_engine
from server.operations.database_errors import read_database_error
from server.settings import Settings


@pytest.fixture
async def small(database_url: URL) -> AsyncIterator[AsyncEngine]:
    """An engine of one connection and no patience."""
    settings = Settings(pool_size=1, pool_timeout_seconds=0.01, statement_timeout_seconds=0.01)
    made = create_engine(settings, database_url)
    yield made
    await made.dispose()


async def _code(engine: AsyncEngine, *statements: str) -> str | None:
    """Give the code of the error that the statements end in."""
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    except Exception as error:  # noqa: BLE001  what it is, is the question
        read = read_database_error(error)
        return read.code if read is not None else None
    raise AssertionError("no error")


async def test_a_slow_statement_is_limited(small: AsyncEngine) -> None:
    assert await _code(small, "SELECT pg_sleep(60)") == "LIMITED"


async def test_a_used_up_pool_is_unavailable(small: AsyncEngine) -> None:
    async with small.connect():
        assert await _code(small, "SELECT 1") == "UNAVAILABLE"


async def test_a_connection_that_breaks_is_unavailable(engine: AsyncEngine) -> None:
    terminate = "SELECT pg_terminate_backend(pg_backend_pid())"
    assert await _code(engine, terminate, "SELECT 1") == "UNAVAILABLE"


def test_a_driver_that_loses_its_way_is_unavailable() -> None:
    read = read_database_error(InternalClientError("got result for unknown protocol state"))
    assert read is not None
    assert read.code == "UNAVAILABLE"


async def test_a_database_that_is_gone_is_unavailable(
    database_url: URL, engine: AsyncEngine
) -> None:
    missing = create_engine(Settings(), database_url.set(database="there_is_none"))
    assert await _code(missing, "SELECT 1") == "UNAVAILABLE"
    stranger = create_engine(Settings(), database_url.set(username="nobody_known", password="x"))
    assert await _code(stranger, "SELECT 1") == "UNAVAILABLE"
    nowhere = create_engine(Settings(), database_url.set(host="127.0.0.1", port=1))
    assert await _code(nowhere, "SELECT 1") == "UNAVAILABLE"


async def test_a_lock_that_others_hold_is_unavailable(engine: AsyncEngine) -> None:
    async with engine.begin() as holder:
        await holder.execute(text("LOCK TABLE sessions"))
        assert await _code(engine, "SET lock_timeout = 1", "LOCK TABLE sessions") == "UNAVAILABLE"


@pytest.mark.parametrize(
    "statement", ["SELECT 1 / 0", "SELECT nothing", "SELEC", "SELECT 'x'::int"]
)
async def test_our_own_mistakes_are_none_of_the_client(engine: AsyncEngine, statement: str) -> None:
    assert await _code(engine, statement) is None


def test_other_errors_are_not_the_database() -> None:
    assert read_database_error(ValueError("x")) is None
