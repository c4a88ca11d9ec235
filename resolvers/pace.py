"""Lets other requests go on while a large answer is made, or many records are read."""

from asyncio import sleep
from time import perf_counter

SLICE_ROWS = 256
"""Rows that are worked on without looking at the time."""
_SLICE_SECONDS = 0.001


class Pace:
    """The pace of one request: it gives way each millisecond."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since = perf_counter()

    async def keep(self) -> None:
        """Give way to other requests, if it is time."""
        if perf_counter() - self._since > _SLICE_SECONDS:
            await sleep(0)
            self._since = perf_counter()
