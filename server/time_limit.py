"""A time limit that many requests share.

`asyncio.timeout` sets a timer for each use, which takes longer than a small request's own work.
Where the limit is the same for all, the oldest expires first: one timer does.
"""

from asyncio import AbstractEventLoop, CancelledError, Task, current_task, get_running_loop
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


class TimeIsUp(Exception):
    """Something took longer than its limit, and was stopped."""


@dataclass(eq=False, slots=True)
class _Running:
    task: Task[Any]
    ends: float
    """By the loop's clock."""
    is_stopped: bool = False


class TimeLimit:
    """Stops what runs for longer than some seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[_Running, None] = {}  # the oldest first
        self._has_timer = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end and give the result. Raises `TimeIsUp` where it was stopped."""
        loop = get_running_loop()
        task = current_task(loop)
        assert task is not None  # noqa: S101  coroutines run in tasks
        cancelling = task.cancelling()
        running = _Running(task, loop.time() + self.seconds)
        self._running[running] = None
        if not self._has_timer:
            self._set_timer(loop, running.ends)
        try:
            return await work
        except CancelledError as error:
            # by somebody else as well: then it is theirs
            if running.is_stopped and task.uncancel() <= cancelling:
                raise TimeIsUp from error
            raise
        finally:
            del self._running[running]

    def _set_timer(self, loop: AbstractEventLoop, when: float) -> None:
        self._has_timer = True
        loop.call_at(when, self._stop_expired, loop)

    def _stop_expired(self, loop: AbstractEventLoop) -> None:
        self._has_timer = False
        now = loop.time()
        for running in self._running:
            if running.ends > now:
                self._set_timer(loop, running.ends)
                break
            if not running.is_stopped:
                running.is_stopped = True
                running.task.cancel()
