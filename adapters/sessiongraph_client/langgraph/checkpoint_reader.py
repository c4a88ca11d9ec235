"""Checkpoints read from the items of sessions."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import chain
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import (
    Place,
    StoredCheckpoint,
    searchable,
    value_keys,
)
from sessiongraph_client.langgraph.session_items import SessionItems, StoredItem

_PAGE = 50
_CHECKPOINTS = names.checkpoints_of("")


class CheckpointReader:
    """Reads checkpoints whole: with the values of their channels and their pending writes."""

    def __init__(self, items: SessionItems, serde: SerializerProtocol) -> None:
        self._items = items
        self._serde = serde

    async def read(self, place: Place) -> CheckpointTuple | None:
        """Read one checkpoint, the newest of the namespace if none is named."""
        whole = await self._whole(place.session, await read_item(self._items, place))
        return whole[0] if whole else None

    async def find(
        self,
        configurable: Mapping[str, Any],
        metadata: Mapping[str, Any],
        before_id: str | None,
        limit: int | None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Read checkpoints, newest first; `configurable` is empty for those of all threads."""
        if limit is not None and limit <= 0:
            return
        left = limit
        blocks = (
            self._blocks_of_thread(configurable, metadata, before_id)
            if "thread_id" in configurable
            else self._blocks_of_all(metadata, before_id)
        )
        async for session, block in blocks:
            fitting = [
                item for item in block if before_id is None or item.key < names.key_of(before_id)
            ]
            for whole in await self._whole(session, fitting, metadata, left):
                yield whole
                if left is not None:
                    left -= 1
            if left == 0:
                return

    async def _blocks_of_thread(
        self,
        configurable: Mapping[str, Any],
        metadata: Mapping[str, Any],
        before_id: str | None,
    ) -> AsyncIterator[tuple[str, list[StoredItem]]]:
        session = names.session_of(str(configurable["thread_id"]))
        where: list[dict[str, Any]] = [_with(metadata)]
        if (namespace := configurable.get("checkpoint_ns")) is not None:
            where.append({"collection": {"eq": names.checkpoints_of(namespace)}})
        if checkpoint_id := configurable.get("checkpoint_id"):
            where.append({"key": {"eq": names.key_of(checkpoint_id)}})
        block: list[StoredItem] = []
        found = self._items.find(session, {"and": where}, newest_key_first=True, page=_PAGE)
        async for item in found:
            if before_id is not None and item.key >= names.key_of(before_id):
                continue
            if item.collection.startswith(_CHECKPOINTS):
                block.append(item)
            if len(block) == _PAGE:
                yield session, block
                block = []
        yield session, block

    async def _blocks_of_all(
        self, metadata: Mapping[str, Any], before_id: str | None
    ) -> AsyncIterator[tuple[str, list[StoredItem]]]:
        found = [
            (item.key, names.session_of(names.unescaped(item.metadata["thread"])), item.collection)
            async for item in self._items.find_names(None, _with(metadata))
            if item.collection.startswith(_CHECKPOINTS)
            and (before_id is None or item.key < names.key_of(before_id))
        ]
        for key, session, collection in sorted(found, reverse=True):
            items = await self._items.by_keys(session, collection, [key])
            yield session, list(items.values())

    async def _whole(
        self,
        session: str,
        items: Sequence[StoredItem],
        metadata: Mapping[str, Any] | None = None,
        most: int | None = None,
    ) -> list[CheckpointTuple]:
        """Add values and writes to the checkpoints that have this metadata."""
        stored = [
            checkpoint
            for checkpoint in (StoredCheckpoint(self._serde, item) for item in items)
            if all(checkpoint.metadata.get(name) == its for name, its in (metadata or {}).items())
        ][:most]
        namespaces = list(dict.fromkeys(each.namespace for each in stored))
        several = await asyncio.gather(
            self._items.of_collections(
                session, [names.writes_of(each.namespace, each.id) for each in stored]
            ),
            *(self._values(session, namespace, stored) for namespace in namespaces),
        )
        writes: dict[str, list[StoredItem]] = several[0]
        values = dict(zip(namespaces, several[1:], strict=True))
        return [
            each.as_tuple(values[each.namespace], writes[names.writes_of(each.namespace, each.id)])
            for each in stored
        ]

    async def _values(
        self, session: str, namespace: str, stored: Sequence[StoredCheckpoint]
    ) -> Any:
        keys = chain.from_iterable(
            value_keys(each.checkpoint) for each in stored if each.namespace == namespace
        )
        return await self._items.by_keys(
            session, names.values_of(namespace), list(dict.fromkeys(keys))
        )


async def read_item(items: SessionItems, place: Place) -> list[StoredItem]:
    """Read a checkpoint's item, that of the newest if none is named; none if it is not there."""
    if place.checkpoint_id:
        key = names.key_of(place.checkpoint_id)
        return list((await items.by_keys(place.session, place.checkpoints, [key])).values())
    where = {"collection": {"eq": place.checkpoints}}
    async for item in items.find(place.session, where, newest_key_first=True, page=1):
        return [item]
    return []


def _with(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"metadata": {"contains": {"kind": "checkpoint", "metadata": searchable(metadata)}}}
