"""What a server process does again and again beside its requests."""

from abc import ABC, abstractmethod
from asyncio import CancelledError, create_task, sleep
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import structlog

from server.operations.database_errors import read_database_error

_log = structlog.get_logger()


class BackgroundTask(ABC):
    """Looks for what is due and does it, then pauses, until the server stops.

    Whatever goes wrong, such as that the database is away, it is logged once and the next look
    comes: what is due stays so.
    """

    failure: str
    """What the log calls it where that goes wrong, such as `confirmations not expired`."""
    pause_seconds: float
    """The longest pause between two looks."""

    def __init__(self) -> None:
        self._is_failing = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do so while the block runs."""
        task = create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(CancelledError):
                await task

    async def look(self) -> float:
        """Do what is due; give the seconds until the next look."""
        try:
            pause, errors = await self.work()
        except Exception as error:  # noqa: BLE001  such as that the database is away
            pause, errors = self.pause_seconds, [error]
        self._tell(errors)
        return pause

    @abstractmethod
    async def work(self) -> tuple[float, Sequence[BaseException]]:
        """Do what is due; give the seconds until the next look, and what went wrong with parts."""

    def first_pause(self) -> float:
        """Give the seconds until the first look."""
        return 0

    async def _run(self) -> None:
        pause = self.first_pause()
        while True:
            await sleep(pause)
            pause = await self.look()

    def _tell(self, errors: Sequence[BaseException]) -> None:
        """Log what goes wrong, once until all goes well again."""
        if errors and not self._is_failing:
            error = errors[0]
            is_ours = read_database_error(error) is None and not isinstance(error, TimeoutError)
            _log.warning(
                self.failure,
                number=len(errors),
                error=type(error).__name__,
                exc_info=error if is_ours else None,
            )
        self._is_failing = bool(errors)
