"""Work in the background that rests, so that requests have the rest of the time."""

from asyncio import sleep
from time import perf_counter

_LONGEST_REST_SECONDS = 5.0


class Duty:
    """Work that takes at most a share of the time (0 to 1): it rests in proportion."""

    def __init__(self, share: float) -> None:
        self._rest_for_work = 1 / share - 1
        self._since = perf_counter()

    async def rest(self) -> None:
        """Rest for the time that was worked since the last rest."""
        worked = perf_counter() - self._since
        await sleep(min(worked * self._rest_for_work, _LONGEST_REST_SECONDS))
        self._since = perf_counter()
