"""Waiting for what tells nobody when it is so."""

import asyncio
from collections.abc import Callable

IN_TIME = 30.0
"""Seconds that are enough on any machine."""


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is true; it must be so in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + IN_TIME
    while not holds():
        assert loop.time() < deadline
        await asyncio.sleep(0.005)
