"""Finds by name what is stored, and keeps it for a few seconds.

One statement runs at a time and reads what everybody waits for: a flood of made-up names takes one
connection and not one for each. Names that were found and names that were not are kept apart, so
that made-up ones never push out real ones.
"""

from asyncio import Future, Task, create_task, get_running_loop, shield
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from execution.bounded_cache import BoundedCache
from server.authentication import CACHE_SECONDS

Found = TypeVar("Found")

_MAX_KEPT = 10_000
_MAX_NAMES = 1_000
"""Of one statement."""

Read = Callable[[list[str]], Awaitable[dict[str, Found]]]
"""Reads by names; what is not there is left out."""


class Lookup(Generic[Found]):
    """Finds by name, together with others who look at the same time."""

    def __init__(self, read: Read[Found]) -> None:
        self._read = read
        self._found: BoundedCache[str, tuple[float, Found]] = BoundedCache(_MAX_KEPT, _MAX_KEPT)
        self._missing: BoundedCache[str, float] = BoundedCache(_MAX_KEPT, _MAX_KEPT)
        self._asked: dict[str, Future[Found | None]] = {}
        self._reading: Task[None] | None = None

    async def find(self, name: str) -> Found | None:
        """Give what has the name; None where nothing has. Raises what reading raised."""
        now = monotonic()
        found = self._found.get(name)
        if found is not None and found[0] > now:
            return found[1]
        missing_until = self._missing.get(name)
        if missing_until is not None and missing_until > now:
            return None
        asked = self._asked.get(name)
        if asked is None:
            asked = self._asked[name] = get_running_loop().create_future()
            if self._reading is None or self._reading.done():
                self._reading = create_task(self._read_asked())
        # whoever is stopped while waiting leaves it to the others who wait
        return await shield(asked)

    async def _read_asked(self) -> None:
        while self._asked:
            names = list(self._asked)[:_MAX_NAMES]
            try:
                found = await self._read(names)
            except Exception as error:  # noqa: BLE001  told to everybody who asked
                for name in names:
                    asked = self._asked.pop(name)
                    asked.set_exception(error)
                    asked.exception()  # nobody may be left to hear it
                continue
            until = monotonic() + CACHE_SECONDS
            for name in names:
                if name in found:
                    self._found.keep(name, (until, found[name]), 1)
                else:
                    self._missing.keep(name, until, 1)
                self._asked.pop(name).set_result(found.get(name))
