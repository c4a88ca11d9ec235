"""Queries that wait for something, such as a person's decision, before their turn to run.

Who waits takes nothing that others need but its connection: no turn, no connection to the database.
So waits are counted by themselves. They end early, and the query runs, where the server is told to
stop, where the client is gone, and where too little of the request's time would be left.
"""

from asyncio import FIRST_COMPLETED, Task, create_task, wait
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from server.caller import Caller
from server.operations.errors import check_room
from server.settings import Settings

UntilGone: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Waits until the client is gone."""

_SHARE_OF_TIME = 5 / 6
"""How much of the time that a request may take can be waited."""
_SHARE_OF_CONNECTIONS = 1 / 4
"""How many of a process's connections can be waiting."""
_ADVICE = "Try again later, or wait for several confirmations in one query."


class Waits:
    """The queries of one process that wait."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.request_timeout_seconds * _SHARE_OF_TIME
        self._allowed = int(settings.max_connections * _SHARE_OF_CONNECTIONS)
        self._allowed_per_key = settings.max_waiting_per_key
        self._by_identity: Counter[Hashable] = Counter()
        self._tasks: set[Task[None]] = set()
        self._is_stopping = False

    @property
    def number(self) -> int:
        """How many wait."""
        return self._by_identity.total()

    async def wait(
        self, caller: Caller, waiting: Coroutine[Any, Any, None], until_gone: UntilGone | None
    ) -> None:
        """Wait for the end of something. Raises what it raises, and `RateLimited`."""
        try:
            with self._counted(caller.identity):
                await self._wait(waiting, until_gone)
        finally:
            waiting.close()

    async def _wait(self, waiting: Coroutine[Any, Any, None], until_gone: UntilGone | None) -> None:
        if self._is_stopping:
            return
        waited = create_task(waiting)
        tasks = {waited}
        if until_gone is not None:
            tasks.add(create_task(until_gone()))
        self._tasks.add(waited)
        try:
            await wait(tasks, timeout=self._seconds, return_when=FIRST_COMPLETED)
        finally:
            self._tasks.remove(waited)
            for task in tasks:
                task.cancel()
            await wait(tasks)
        if not waited.cancelled():
            waited.result()

    def stop(self) -> None:
        """End all waits, and let no other begin."""
        self._is_stopping = True
        for task in self._tasks:
            task.cancel()

    @contextmanager
    def _counted(self, identity: Hashable) -> Iterator[None]:
        waiting = self._by_identity[identity]
        check_room("waiting queries of a key", waiting, self._allowed_per_key, advice=_ADVICE)
        check_room("waiting queries", self.number, self._allowed, advice=_ADVICE)
        self._by_identity[identity] += 1
        try:
            yield
        finally:
            self._by_identity[identity] -= 1
            if not self._by_identity[identity]:
                del self._by_identity[identity]
