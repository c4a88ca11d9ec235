"""One tree of sessions as the lines of a file, for those who ask over the API."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from exchange.archive.export import lines_of
from exchange.archive.row_reader import snapshot
from exchange.archive.selection import Selection

MAXIMUM_ROWS = 50_000
MAXIMUM_BYTES = 20_000_000
"""Of a tree's lines, which are kept until they are sent."""


@dataclass(frozen=True)
class SessionTree:
    """Loads the lines of trees by the ids of their roots, without their ends."""

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[list[bytes] | None]:
        """Give the lines of each tree; None for one that is too large."""
        async with snapshot(connection, may_take_long=False) as driver:
            return [await _lines(driver, project_id, root) for root in keys]


async def _lines(driver: Any, project_id: int, root: UUID) -> list[bytes] | None:
    lines: list[bytes] = []
    size = 0
    async with aclosing(lines_of(driver, project_id, Selection(root))) as written:
        async for line in written:
            lines.append(line.rstrip())
            size += len(line)
            if len(lines) > MAXIMUM_ROWS or size > MAXIMUM_BYTES:
                return None
    return lines
