"""Documents in the items of a session: how they are put, and how they are read again."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Limited, NotFound
from sessiongraph_client.langgraph.names import PARTS
from sessiongraph_client.schema_types import BatchRecordInput, IfExists

PAGE = 200
"""The most rows that one page has, and the most values that `in` takes."""
_PART_CHARACTERS = 5_000_000
_ITEMS = """query LanggraphItems($session: ID!, $first: Int!, $after: String,
    $filter: SessionItemFilter, $orderBy: SessionItemOrder) {
  session(id: $session) { items(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    nodes { collection key value metadata } pageInfo { hasNextPage endCursor }
  } }
}"""
_NEWEST = """query LanggraphNewestItem($session: ID!, $newest: SessionItemFilter,
    $one: SessionItemFilter, $other: SessionItemFilter) {
  session(id: $session) {
    newest: items(first: 1, filter: $newest, orderBy: { field: KEY, direction: DESC }) {
      nodes { ...Item }
    }
    one: items(first: 200, filter: $one) { nodes { ...Item } pageInfo { hasNextPage } }
    other: items(first: 200, filter: $other) { nodes { ...Item } pageInfo { hasNextPage } }
  }
}
fragment Item on SessionItem { collection key value metadata }"""
_NAMES = """query LanggraphItemNames($session: ID!, $first: Int!, $after: String,
    $filter: SessionItemFilter) {
  session(id: $session) { items(first: $first, after: $after, filter: $filter) {
    nodes { collection key metadata } pageInfo { hasNextPage endCursor }
  } }
}"""
_EVERYWHERE = """query LanggraphItemsOfThreads($first: Int!, $after: String,
    $filter: SessionItemFilter) {
  sessionItems(first: $first, after: $after, filter: $filter) {
    nodes { collection key metadata } pageInfo { hasNextPage endCursor }
  }
}"""
_DELETE = """mutation LanggraphDeleteItems($input: DeleteSessionItemsInput!) {
  deleteSessionItems(input: $input) { deletedCount }
}"""


@dataclass(frozen=True)
class StoredItem:
    """An item as it is stored; `value` is None where only the names were read."""

    collection: str
    key: str
    metadata: dict[str, Any]
    value: Any = None


@dataclass(frozen=True)
class NewestItem:
    """A collection's newest item, and two lists of items that were read with it."""

    item: StoredItem
    first: list[StoredItem]
    second: list[StoredItem]


def put_item(
    session: str,
    collection: str,
    key: str,
    value: Any,
    *,
    metadata: Mapping[str, Any] | None = None,
    if_exists: IfExists = "REPLACE",
) -> list[BatchRecordInput]:
    """Make the record that puts a document, behind those of its parts if it is a large one."""
    text = json.dumps(value)
    if len(text) <= _PART_CHARACTERS:
        return [_put(session, collection, key, value, metadata, if_exists)]
    digest = sha256(text.encode()).hexdigest()
    starts = range(0, len(text), _PART_CHARACTERS)
    parts = [
        _put(session, PARTS, f"{digest}.{number}", text[start : start + _PART_CHARACTERS])
        for number, start in enumerate(starts)
    ]
    whole = {"parts": len(parts), "sha256": digest}
    told = {**(metadata or {}), "parts": digest}
    return [*parts, _put(session, collection, key, whole, told, if_exists)]


def _put(  # noqa: PLR0917  what an item is made of
    session: str,
    collection: str,
    key: str,
    value: Any,
    metadata: Mapping[str, Any] | None = None,
    if_exists: IfExists = "KEEP",
) -> BatchRecordInput:
    return {
        "putSessionItem": {
            "session": session,
            "collection": collection,
            "key": key,
            "value": value,
            "metadata": dict(metadata or {}),
            "ifExists": if_exists,
        }
    }


class SessionItems:
    """The items of sessions, read and deleted."""

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client

    async def by_keys(
        self, session: str, collection: str, keys: Sequence[str]
    ) -> dict[str, StoredItem]:
        """Read those of the keys that are there."""
        found: dict[str, StoredItem] = {}
        for start in range(0, len(keys), PAGE):
            chunk = list(keys[start : start + PAGE])
            try:
                found |= await self._by_keys(session, collection, chunk)
            except Limited:
                if len(chunk) == 1:
                    raise
                for key in chunk:
                    found |= await self._by_keys(session, collection, [key])
        return found

    async def _by_keys(
        self, session: str, collection: str, keys: list[str]
    ) -> dict[str, StoredItem]:
        where = {"collection": {"eq": collection}, "key": {"in": keys}}
        return {item.key: item async for item in self.find(session, where, page=len(keys))}

    async def of_collections(
        self, session: str, collections: Sequence[str]
    ) -> dict[str, list[StoredItem]]:
        """Read all items of collections, by collection, in no order."""
        found: dict[str, list[StoredItem]] = {name: [] for name in collections}
        for start in range(0, len(collections), PAGE):
            where = {"collection": {"in": list(collections[start : start + PAGE])}}
            async for item in self.find(session, where):
                found[item.collection].append(item)
        return found

    async def find(
        self,
        session: str,
        where: Mapping[str, Any],
        *,
        newest_key_first: bool = False,
        page: int = PAGE,
    ) -> AsyncIterator[StoredItem]:
        """Read the items of a session that are like this, whole; none if there is no session."""
        order = {"field": "KEY", "direction": "DESC"} if newest_key_first else None
        after = None
        while True:
            data = await self._client.query(
                _ITEMS, session=session, first=page, after=after, filter=where, orderBy=order
            )
            if data["session"] is None:
                return
            items = data["session"]["items"]
            for node in items["nodes"]:
                yield await self._item(session, node)
            if not items["pageInfo"]["hasNextPage"]:
                return
            after = items["pageInfo"]["endCursor"]

    async def newest_with(
        self, session: str, collection: str, one: Mapping[str, Any], other: Mapping[str, Any]
    ) -> "NewestItem | None":
        """Read a collection's item of the greatest key, and items like this and like that, at once.

        None if there is no such item, or more than a page of the others.
        """
        newest = {"collection": {"eq": collection}}
        data = await self._client.query(
            _NEWEST, session=session, newest=newest, one=one, other=other
        )
        pages = data["session"]
        if pages is None or not pages["newest"]["nodes"]:
            return None
        if any(pages[name]["pageInfo"]["hasNextPage"] for name in ("one", "other")):
            return None
        read = [
            [await self._item(session, node) for node in pages[name]["nodes"]]
            for name in ("newest", "one", "other")
        ]
        return NewestItem(read[0][0], read[1], read[2])

    async def find_names(
        self, session: str | None, where: Mapping[str, Any]
    ) -> AsyncIterator[StoredItem]:
        """Read what items are like this, without their documents; None for all sessions."""
        after = None
        while True:
            arguments = {"first": PAGE, "after": after, "filter": where}
            if session is None:
                items = (await self._client.query(_EVERYWHERE, **arguments))["sessionItems"]
            else:
                found = (await self._client.query(_NAMES, session=session, **arguments))["session"]
                if found is None:
                    return
                items = found["items"]
            for node in items["nodes"]:
                yield StoredItem(node["collection"], node["key"], node["metadata"])
            if not items["pageInfo"]["hasNextPage"]:
                return
            after = items["pageInfo"]["endCursor"]

    async def delete(
        self, session: str, collection: str, keys: Sequence[str] | None = None
    ) -> None:
        """Delete items by their keys, or all of a collection; none if there is no session."""
        try:
            if keys is None:
                await self._client.mutate(_DELETE, session=session, collection=collection)
                return
            for start in range(0, len(keys), 1000):
                chunk = list(keys[start : start + 1000])
                await self._client.mutate(
                    _DELETE, session=session, collection=collection, keys=chunk
                )
        except NotFound:
            return

    async def _item(self, session: str, node: Mapping[str, Any]) -> StoredItem:
        value = await self._whole(session, node["value"])
        return StoredItem(node["collection"], node["key"], node["metadata"], value)

    async def _whole(self, session: str, value: Any) -> Any:
        if not (isinstance(value, dict) and value.keys() == {"parts", "sha256"}):
            return value
        keys = [f"{value['sha256']}.{number}" for number in range(value["parts"])]
        texts = [(await self._by_keys(session, PARTS, [key]))[key].value for key in keys]
        return json.loads("".join(texts))
