"""Notices that the database says nothing any more, and ends what waits for it.

A connection whose other end hangs, or is gone without a word as at a failover of the network,
looks like one whose statement takes its time. What tells them apart is a question of our own that
takes none. While it has no answer every connection is broken off, so that who waited for one is
told at once, and none is opened.
"""

from asyncio import create_task, sleep, wait
from typing import Any
from weakref import WeakSet

import structlog
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import ConnectionPoolEntry

from resolvers.pooled_connection import give_back, take_connection
from server.database import create_engine
from server.settings import Settings

_PAUSE_SECONDS = 1.0
"""Between one question and the next."""
_WAITS = 5
"""In how many pieces an answer is waited for: one that passes while this process itself stands
still, as over a large answer, must not count for the whole."""

_log = structlog.get_logger()


class DatabaseSilentError(ConnectionError):
    """The database has not answered for a while."""


class DatabaseWatch:
    """Watches the database of a server process, over a connection of its own."""

    def __init__(self, settings: Settings, engine: AsyncEngine) -> None:
        self._seconds = settings.database_timeout_seconds
        self._own = create_engine(settings.model_copy(update={"pool_size": 1}), engine.url)
        self._drivers: WeakSet[Any] = WeakSet()
        self._is_silent = False
        event.listen(engine.sync_engine, "do_connect", self._refuse_while_silent)
        for each in (engine, self._own):
            event.listen(each.sync_engine, "connect", self._know)

    async def run(self) -> None:
        """Watch until cancelled."""
        try:
            while True:
                await self._look()
                await sleep(_PAUSE_SECONDS)
        finally:
            self._break_off()
            await self._own.dispose()

    async def _look(self) -> None:
        answers = await self._answers()
        if answers == self._is_silent:
            self._is_silent = not answers
            _log.warning("database answers" if answers else "database silent")

    async def _answers(self) -> bool:
        """Whether the database says something in time, be it that it is not there."""
        asking = create_task(self._ask())
        for _ in range(_WAITS):
            await wait({asking}, timeout=self._seconds / _WAITS)
            if asking.done():
                return True
        self._break_off()
        asking.cancel()
        return False

    async def _ask(self) -> None:
        while True:
            try:
                connection = await take_connection(self._own)
                try:
                    driver: Any = connection.driver_connection
                    await driver.fetchval("SELECT 1")
                finally:
                    give_back(self._own, connection)
            except TimeoutError:
                continue  # connecting took too long, which is less than is waited for here
            except Exception:  # noqa: BLE001  whatever it says, it is there to say it
                return
            else:
                return

    def _break_off(self) -> None:
        for driver in list(self._drivers):
            driver.terminate()

    def _know(self, connection: AdaptedConnection, _record: ConnectionPoolEntry) -> None:
        self._drivers.add(connection.driver_connection)

    def _refuse_while_silent(self, *_arguments: object) -> None:
        if self._is_silent:
            raise DatabaseSilentError("The database does not answer.")
