"""Work that goes on where nobody waits for it any more."""

from asyncio import Future
from typing import Any


def abandon(work: "Future[Any]") -> None:
    """Let it end by itself. What it raises is nobody's, and asyncio need not complain of it."""
    work.add_done_callback(_hear_of_error)


def _hear_of_error(work: "Future[Any]") -> None:
    if not work.cancelled():
        work.exception()
