"""What a request carries: the project, and the loaders."""

from asyncio import CancelledError, shield
from collections.abc import Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from aiodataloader import DataLoader
from sqlalchemy import Row, Table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.abandoned_work import abandon
from resolvers.batch_loading import Loaded, Loader
from resolvers.changes import Changes
from resolvers.database_use import MOST_BATCHES, database_use
from resolvers.filters import Filter
from resolvers.loaders import Pages, rows_of
from resolvers.page import Page, PageRows
from resolvers.pooled_connection import connect

_Fetch = Callable[[AsyncConnection, int, Sequence[Any]], Coroutine[Any, Any, list[Any]]]


@dataclass
class Context:
    """One request's view of one project. Loaders cache for the request, or until a write."""

    engine: AsyncEngine
    project_id: int
    changes: Changes = field(default_factory=Changes)
    _written: dict[tuple[Hashable, Any], Any] = field(default_factory=dict)
    _loaders: dict[Hashable, DataLoader[Any, Any]] = field(default_factory=dict)

    async def load(self, loader: Loader[Loaded], key: Any) -> Loaded:
        """Load what a key leads to, together with the others asked for at the same time."""
        written: Loaded | None = self._written.get((loader, key)) if self._written else None
        if written is not None:
            return written
        loaded: Loaded = await self._load(loader, loader.fetch, key)
        return loaded

    async def load_page(self, loader: Pages, key: UUID | None, page: Page) -> PageRows:
        """Load one page; `key` is None for a page of the project."""
        fetch = partial(loader.fetch, page=page)
        rows: PageRows = await self._load((loader, page), fetch, (key,))
        return rows

    async def count(self, loader: Pages, key: UUID | None, wanted: Filter | None = None) -> int:
        """Count the rows of a connection that a filter finds, all pages together."""
        fetch = partial(loader.count, filter=wanted)
        count: int = await self._load((loader, "count", wanted), fetch, (key,))
        return count

    def forget(self) -> None:
        """Drop what was loaded, since it may have changed."""
        self._loaders.clear()
        self._written.clear()

    def remember(self, table: Table, row: Row[Any]) -> None:
        """Keep a row that was written, so that the answer need not read it again."""
        self._written[rows_of(table), row.id] = row

    async def _load(self, identity: Hashable, fetch: _Fetch, key: Any) -> Any:
        # many fields wait for it; where one fails, graphql-core cancels those beside it
        loading = self._batched(identity, fetch).load(key)
        try:
            return await shield(loading)
        except CancelledError:
            abandon(loading)
            raise

    def _batched(self, identity: Hashable, fetch: _Fetch) -> DataLoader[Any, Any]:
        batched = self._loaders.get(identity)
        if batched is None:

            async def load_batch(keys: list[Any]) -> list[Any]:
                plain = [key[0] if isinstance(key, tuple) else key for key in keys]
                use = database_use.get()
                if use is not None and len(use.batches) < MOST_BATCHES:
                    use.batches = [*use.batches, len(keys)]
                async with connect(self.engine) as connection:
                    return await fetch(connection, self.project_id, plain)

            batched = self._loaders[identity] = DataLoader(load_batch)
        return batched
