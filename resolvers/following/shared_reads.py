"""Reads of many followers at once: those who wake at the same moment share a statement.

Nothing is kept: what was read is out of date at the next change.
"""

from collections.abc import Hashable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from aiodataloader import DataLoader
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.batch_loading import Loaded, Loader
from resolvers.following.settled_positions import SettledPositions
from resolvers.pooled_connection import connect


class SharedReads:
    """The reads of all followers of one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.positions = SettledPositions(engine)
        self.rows = 0
        """How many rows were read as they came."""
        self.delay_seconds = 0.0
        """From the beginning of the transactions that wrote them until then, all together."""
        self._engine = engine
        self._loaders: dict[tuple[int, Hashable], DataLoader[Any, Any]] = {}

    async def load(self, project_id: int, loader: Loader[Loaded], key: Any) -> Loaded:
        """Load what a key leads to, together with the others asked for at the same time."""
        loaded: Loaded = await self._batched(project_id, loader).load(key)
        return loaded

    def count_delays(self, seconds: Sequence[float]) -> None:
        """Count rows that a follower read as they came, by their ages."""
        self.rows += len(seconds)
        self.delay_seconds += sum(seconds)

    def _batched(self, project_id: int, loader: Loader[Any]) -> DataLoader[Any, Any]:
        batched = self._loaders.get((project_id, loader))
        if batched is None:

            async def load_batch(keys: list[Any]) -> list[Any]:
                # or one stays for each filter there was
                self._loaders.pop((project_id, loader), None)
                once = list(dict.fromkeys(keys))
                async with connect(self._engine) as connection:
                    found = await loader.fetch(connection, project_id, once)
                by_key = dict(zip(once, found, strict=True))
                return [by_key[key] for key in keys]

            batched = DataLoader(load_batch, cache=False)
            self._loaders[project_id, loader] = batched
        return batched


_READS: WeakKeyDictionary[AsyncEngine, SharedReads] = WeakKeyDictionary()


def shared_reads(engine: AsyncEngine) -> SharedReads:
    """Give the reads of an engine's followers."""
    reads = _READS.get(engine)
    if reads is None:
        _READS[engine] = reads = SharedReads(engine)
    return reads
