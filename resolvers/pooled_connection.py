"""Connections of the engine's pool, for statements that the driver runs by itself.

Who waits for one gets it in turn. The pool's own queue lets whoever comes by take what was given
back before those who wait are awake: with more requests than connections some waited for seconds.
"""

from asyncio import Semaphore, timeout
from weakref import WeakKeyDictionary

from sqlalchemy import PoolProxiedConnection, QueuePool
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

_TURNS: WeakKeyDictionary[QueuePool, Semaphore] = WeakKeyDictionary()


async def take_connection(engine: AsyncEngine) -> PoolProxiedConnection:
    """Take a connection, to be given back by `give_back`.

    Raises SQLAlchemy's TimeoutError where none is free within the pool's timeout, and OSErrors
    where none can be made. What `AsyncEngine.connect` does beside this costs as much again.
    """
    pool = _pool_of(engine)
    turns = _turns(pool)
    if turns.locked():
        try:
            async with timeout(pool.timeout()):
                await turns.acquire()
        except TimeoutError as error:
            raise PoolTimeoutError("No connection to the database was free in time.") from error
    else:
        await turns.acquire()
    try:
        return await greenlet_spawn(pool.connect)
    except BaseException as error:
        turns.release()
        if isinstance(error, engine.dialect.loaded_dbapi.Error):
            raise ConnectionRefusedError("The database takes no connection.") from error
        raise


def give_back(engine: AsyncEngine, connection: PoolProxiedConnection) -> None:
    """Give a connection back; what is left of a transaction on it is the caller's to end."""
    try:
        connection.close()
    finally:
        _turns(_pool_of(engine)).release()


def _pool_of(engine: AsyncEngine) -> QueuePool:
    pool = engine.sync_engine.pool
    if not isinstance(pool, QueuePool):
        raise TypeError(pool)
    return pool


def _turns(pool: QueuePool) -> Semaphore:
    turns = _TURNS.get(pool)
    if turns is None:
        _TURNS[pool] = turns = Semaphore(pool.size())
    return turns
