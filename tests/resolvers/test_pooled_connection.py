"""Connections are had in turn."""

from asyncio import create_task, gather, sleep

import pytest
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from resolvers.pooled_connection import give_back, take_connection
from server.database import create_engine
from server.settings import Settings


def small(engine: AsyncEngine, *, timeout_seconds: float) -> AsyncEngine:
    """An engine on the same database with one connection."""
    return create_async_engine(
        engine.url, pool_size=1, max_overflow=0, pool_timeout=timeout_seconds
    )


async def test_who_waits_comes_before_who_returns(engine: AsyncEngine) -> None:
    alone = small(engine, timeout_seconds=60)
    order: list[int] = []

    async def client(number: int) -> None:
        for _ in range(5):
            connection = await take_connection(alone)
            order.append(number)
            await sleep(0)
            give_back(alone, connection)

    await gather(*[client(number) for number in range(4)])
    assert order == [0, 1, 2, 3] * 5
    await alone.dispose()


async def test_a_turn_does_not_come_for_ever_late(engine: AsyncEngine) -> None:
    alone = small(engine, timeout_seconds=0.01)
    connection = await take_connection(alone)
    with pytest.raises(PoolTimeoutError):
        await take_connection(alone)
    give_back(alone, connection)
    give_back(alone, await take_connection(alone))
    await alone.dispose()


async def test_who_gives_up_waiting_leaves_the_turn_to_others(engine: AsyncEngine) -> None:
    alone = small(engine, timeout_seconds=60)
    connection = await take_connection(alone)
    waiting = [create_task(take_connection(alone)) for _ in range(2)]
    await sleep(0)
    waiting[0].cancel()
    give_back(alone, connection)
    give_back(alone, await waiting[1])
    assert waiting[0].cancelled()
    await alone.dispose()


async def test_a_connection_that_was_closed_meanwhile_is_replaced(engine: AsyncEngine) -> None:
    alone = create_engine(Settings(pool_size=1), engine.url)
    taken = await take_connection(alone)
    closed = taken.driver_connection
    give_back(alone, taken)
    assert closed is not None
    closed.terminate()
    for _ in range(2):
        taken = await take_connection(alone)
        assert taken.driver_connection is not None
        assert await taken.driver_connection.fetchval("SELECT 1") == 1
        give_back(alone, taken)
    await alone.dispose()
