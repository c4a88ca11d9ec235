"""What a context loads, for those who may go before it is there."""

import asyncio
import gc
from asyncio import create_task, sleep
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.context import Context


class _Loader:
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
    context, loader = Context(engine, 1), _Loader()
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
