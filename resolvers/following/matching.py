"""Whether rows are there and are as a filter wants them, for many followers at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table, any_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.batch_loading import KEYS, PROJECT, read
from resolvers.filters import Filter, where


@dataclass(frozen=True)
class Matching:
    """Loads whether the row of an id is there, and is one that the filter finds."""

    table: Table
    wanted: Filter | None

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[bool]:
        """Tell of each key, in the keys' order."""
        columns = self.table.c
        held = columns.project_id == PROJECT, columns.id == any_(KEYS)
        statement = select(columns.id).where(*held, where(self.wanted, self.table))
        found = set((await read(connection, statement, project_id, keys)).scalars())
        return [key in found for key in keys]
