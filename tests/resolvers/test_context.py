"""What a context loads, for those who may go before it is there."""

import asyncio
import gc
from asyncio import create_task, sleep
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.context import Context
from resolvers.database_use import DatabaseUse, database_use


class _Failing:
    """Fetches when it is told to, and in vain."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.proceed = asyncio.Event()

    async def fetch(
        self, _connection: AsyncConnection, _project_id: int, _keys: Sequence[int]
    ) -> list[str]:
        self.begun.set()
        await self.proceed.wait()
        raise OSError("The database is away.")


async def test_who_goes_leaves_the_others_what_they_wait_for(engine: AsyncEngine) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: complaints.append(told))
    context, loader = Context(engine, 1), _Failing()
    going, staying = (create_task(context.load(loader, 1)) for _ in range(2))
    alone = create_task(context.load(loader, 2))
    await loader.begun.wait()
    going.cancel()
    alone.cancel()
    await asyncio.wait({going, alone})
    loader.proceed.set()
    with pytest.raises(OSError, match="away"):
        await staying
    context.forget()
    del going, staying, alone
    await sleep(0)
    gc.collect()
    assert complaints == []


@dataclass(frozen=True)
class _Echo:
    async def fetch(
        self, _connection: AsyncConnection, _project_id: int, keys: Sequence[int]
    ) -> list[int]:
        return list(keys)


async def test_what_is_counted_of_a_subscription_does_not_grow(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.context.MOST_BATCHES", 3)
    use = DatabaseUse()
    database_use.set(use)
    for event in range(1, 10):
        assert await Context(engine, 1).load(_Echo(), event) == event
    assert use.batches == [1, 1, 1]
