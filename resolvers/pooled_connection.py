"""Connections of the engine's pool, for those who take them by the thousand.

Who waits for one gets it in turn. The pool's own queue lets whoever comes by take what was given
back before those who wait are awake: with more requests than connections some waited for seconds.
"""

from asyncio import Semaphore, timeout
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from weakref import WeakKeyDictionary

from sqlalchemy import PoolProxiedConnection, QueuePool
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.util import greenlet_spawn

from resolvers.database_use import database_use


class _Turns(Semaphore):
    """As many turns as the pool has connections."""

    waiting = 0

    async def take(self, pool: QueuePool) -> None:
        """Take a turn. Raises SQLAlchemy's TimeoutError."""
        if self.locked():
            await self._wait(pool)
        else:
            await self.acquire()

    async def _wait(self, pool: QueuePool) -> None:
        started = perf_counter()
        self.waiting += 1
        try:
            async with timeout(pool.timeout()):
                await self.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("No connection to the database was free in time.") from error
        finally:
            self.waiting -= 1
            use = database_use.get()
            if use is not None:
                use.waited += perf_counter() - started


_TURNS: WeakKeyDictionary[QueuePool, _Turns] = WeakKeyDictionary()


async def take_connection(engine: AsyncEngine) -> PoolProxiedConnection:
    """Take a connection for the driver's own use, to be given back by `give_back`.

    Raises SQLAlchemy's TimeoutError where none is free within the pool's timeout, and OSErrors
    where none can be made. What `AsyncEngine.connect` does beside this costs as much again.
    """
    pool = pool_of(engine)
    turns = _turns(pool)
    await turns.take(pool)
    try:
        return await _checked_out(pool)
    except BaseException as error:
        turns.release()
        if isinstance(error, engine.dialect.loaded_dbapi.Error):
            raise ConnectionRefusedError("The database takes no connection.") from error
        raise


async def _checked_out(pool: QueuePool) -> PoolProxiedConnection:
    if pool.checkedin():
        # only to make a connection takes a greenlet, whose stack costs more than all the rest
        with suppress(MissingGreenlet):  # what was there had been closed
            return pool.connect()
    return await greenlet_spawn(pool.connect)


def give_back(engine: AsyncEngine, connection: PoolProxiedConnection) -> None:
    """Give a connection back; what is left of a transaction on it is the caller's to end."""
    try:
        connection.close()
    finally:
        _turns(pool_of(engine)).release()


@asynccontextmanager
async def connect(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Connect as `AsyncEngine.connect` does, in turn. Raises SQLAlchemy's errors."""
    pool = pool_of(engine)
    turns = _turns(pool)
    await turns.take(pool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        turns.release()


def waiting_for_connection(engine: AsyncEngine) -> int:
    """Count those who wait for a turn."""
    return _turns(pool_of(engine)).waiting


def pool_of(engine: AsyncEngine) -> QueuePool:
    """Give the engine's pool. Raises `TypeError` where it keeps no connections."""
    pool = engine.sync_engine.pool
    if not isinstance(pool, QueuePool):
        raise TypeError(pool)
    return pool


def _turns(pool: QueuePool) -> _Turns:
    turns = _TURNS.get(pool)
    if turns is None:
        _TURNS[pool] = turns = _Turns(pool.size())
    return turns
