"""LangGraph's store on Sessiongraph: an item is a memory."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

from langgraph.store.base import (
    BaseStore,
    GetOp,
    IndexConfig,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)

from sessiongraph_client.blocking import run_blocking
from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.langgraph.known_memories import KnownMemories
from sessiongraph_client.langgraph.store_accesses import StoreAccesses, running_thread
from sessiongraph_client.langgraph.store_items import (
    TYPE,
    StoredItem,
    memory_id,
    namespace_in,
    prefix_filter,
)
from sessiongraph_client.langgraph.store_search import fits, matches, narrowed, ranked
from sessiongraph_client.langgraph.store_vectors import StoreVectors
from sessiongraph_client.langgraph.store_writer import StoreWriter, expiry
from sessiongraph_client.schema_types import BatchRecordInput

_PAGE = 200
_ITEM = """query LanggraphStoreItem($name: ID!) {
  memory(id: $name) { type memoryId revision content metadata createdAt expiresAt }
}"""
_ITEMS = """query LanggraphStoreItems($first: Int!, $after: String, $filter: MemoryFilter,
    $vectors: Boolean!) {
  memories(first: $first, after: $after, filter: $filter, orderBy: { field: CREATED_AT }) {
    nodes {
      memoryId revision content metadata createdAt expiresAt embedding @include(if: $vectors)
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
_NAMESPACES = """query LanggraphStoreNamespaces($first: Int!, $after: String,
    $filter: MemoryFilter) {
  memories(first: $first, after: $after, filter: $filter) {
    nodes { metadata } pageInfo { hasNextPage endCursor }
  }
}"""
_Key = tuple[tuple[str, ...], str]


class SessiongraphStore(BaseStore):
    """A store whose items are memories that a dashboard shows, with all that was made of them.

    An item's memory has the item's value as its content, verbatim, and namespace and key in its
    metadata; a `put` on an item that is there makes a revision. What `get` and `search` find is
    recorded as an access (READ, SEARCH_HIT with rank, score and query), in the thread's session
    if a graph runs; such records are buffered, so `aclose` the store, or leave `async with`.

    With an `index`, items are embedded as `InMemoryStore` does it. A search with a query reads all
    candidates of the namespace and ranks them here, for the server does not rank. With a `ttl`, an
    item is deleted a few seconds after its time. `agent` (its id or `agentId`) and `user_id` are
    those of the memories that are made.

    In a batch, reads see what was there before it. Its puts are one transaction unless they make
    up more than 1,000 records or 8,000,000 characters; its deletions follow one by one. Methods
    raise `SessiongraphError`: `InvalidInput` for a value over 8,000,000 bytes, `Unavailable` when
    the server stays away.
    """

    supports_ttl = True

    def __init__(
        self,
        client: SessiongraphClient,
        *,
        index: IndexConfig | None = None,
        ttl: TTLConfig | None = None,
        agent: str | None = None,
        user_id: str | None = None,
    ) -> None:
        self.ttl_config = ttl
        self._client = client
        self._vectors = StoreVectors(index)
        self._accesses = StoreAccesses(client)
        told = {"agent": agent, "userId": user_id}
        owner = {name: value for name, value in told.items() if value is not None}
        self._known = KnownMemories(client)
        self._writer = StoreWriter(client, self._known, self._vectors, owner)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Wait until the accesses of this event loop are recorded."""
        await self._accesses.flush()

    def close(self) -> None:
        """Wait until the accesses of synchronous calls are recorded."""
        run_blocking(self._accesses.flush())

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do as `abatch`."""
        return run_blocking(self._batch(list(ops), running_thread()))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Run operations: all reads, then of the puts on one key the last."""
        return await self._batch(list(ops), running_thread())

    async def _batch(self, ops: Sequence[Op], thread_id: str | None) -> list[Result]:
        puts: dict[_Key, PutOp] = {}
        gets: dict[str, GetOp] = {}
        for op in ops:
            if isinstance(op, PutOp):
                puts[op.namespace, op.key] = op
            elif isinstance(op, GetOp):
                gets[memory_id(op.namespace, op.key)] = op
            elif not isinstance(op, (SearchOp, ListNamespacesOp)):
                raise ValueError(f"Unknown operation type: {type(op)}")  # noqa: TRY004  as LangGraph's
        found = await self._by_names(list(gets))
        results = await asyncio.gather(*(self._read(op, found, thread_id) for op in ops))
        await self._writer.put(puts)
        return list(results)

    async def _read(self, op: Op, found: Mapping[str, StoredItem], thread_id: str | None) -> Result:
        if isinstance(op, GetOp):
            item = found.get(memory_id(op.namespace, op.key))
            if item is None:
                return None
            await self._accesses.record(
                [{"memory": item.memory_id, "accessType": "READ"}], thread_id
            )
            await self._refresh([item], wanted=op.refresh_ttl)
            return item.as_item()
        if isinstance(op, SearchOp):
            return await self._search(op, thread_id)
        if isinstance(op, ListNamespacesOp):
            return await self._namespaces(op)
        return None

    async def _search(self, op: SearchOp, thread_id: str | None) -> list[SearchItem]:
        query = await self._vectors.of_query(op.query)
        end = op.offset + op.limit if min(op.offset, op.limit) >= 0 and query is None else None
        candidates: list[StoredItem] = []
        if end != 0:
            async for item in self._items(narrowed(op), with_vectors=query is not None):
                if fits(item.value, op.filter):
                    candidates.append(item)
                if len(candidates) == end:
                    break
        page = ranked(op, candidates, query)
        hits: list[dict[str, Any]] = [
            {
                "memory": item.memory_id,
                "accessType": "SEARCH_HIT",
                "rank": rank,
                **({"queryText": op.query} if op.query else {}),
                **({"score": score} if score is not None else {}),
                **({"context": {"filter": op.filter}} if op.filter else {}),
            }
            for rank, (item, score) in enumerate(page)
        ]
        await self._accesses.record(hits, thread_id)
        await self._refresh([item for item, _ in page], wanted=op.refresh_ttl)
        return [item.as_hit(score) for item, score in page]

    async def _namespaces(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        conditions = op.match_conditions or ()
        found: set[tuple[str, ...]] = set()
        async for node in self._nodes(_NAMESPACES, filter=prefix_filter(_certain(conditions))):
            namespace = namespace_in(node["metadata"])
            if all(matches(condition, namespace) for condition in conditions):
                found.add(namespace[: op.max_depth])
        return sorted(found)[op.offset : op.offset + op.limit]

    async def _by_names(self, memory_ids: Sequence[str]) -> dict[str, StoredItem]:
        found: dict[str, StoredItem] = {}
        if len(memory_ids) == 1:  # which costs the server half of what a filter does
            node = (await self._client.query(_ITEM, name=memory_ids[0]))["memory"]
            if node is not None and node["type"] == TYPE and (item := self._item(node)):
                found[item.memory_id] = item
            return found
        for start in range(0, len(memory_ids), _PAGE):
            where = {"memoryId": {"in": list(memory_ids[start : start + _PAGE])}}
            async for item in self._items({**where, "type": {"eq": TYPE}}, with_vectors=False):
                found[item.memory_id] = item
        return found

    async def _items(
        self, where: Mapping[str, Any], *, with_vectors: bool
    ) -> AsyncIterator[StoredItem]:
        async for node in self._nodes(_ITEMS, filter=where, vectors=with_vectors):
            if item := self._item(node):
                yield item

    def _item(self, node: Mapping[str, Any]) -> StoredItem | None:
        """Read a memory; None if it is to be left out, for its time is over."""
        item = StoredItem(node)
        self._known.add([item.memory_id])
        if self.ttl_config and self.ttl_config.get("omit_expired") and item.expires_at:
            return item if datetime.fromisoformat(item.expires_at) > datetime.now(UTC) else None
        return item

    async def _nodes(self, document: str, **variables: Any) -> AsyncIterator[dict[str, Any]]:
        after = None
        while True:
            data = await self._client.query(document, first=_PAGE, after=after, **variables)
            for node in data["memories"]["nodes"]:
                yield node
            if not data["memories"]["pageInfo"]["hasNextPage"]:
                return
            after = data["memories"]["pageInfo"]["endCursor"]

    async def _refresh(self, items: Sequence[StoredItem], *, wanted: bool) -> None:
        """Put off when items expire; one that is written meanwhile has the writer's time."""
        records: list[BatchRecordInput] = [
            {
                "updateMemory": {
                    "memory": item.memory_id,
                    "expectedRevision": item.revision,
                    "expiresAt": expiry(item.ttl_minutes),
                    "reason": "It was read.",
                }
            }
            for item in items
            if wanted and item.ttl_minutes is not None
        ]
        if records:
            await self._client.record(records, partial=True)


def _certain(conditions: Iterable[MatchCondition]) -> tuple[str, ...]:
    """Give the labels with which the namespaces must begin."""
    for condition in conditions:
        if condition.match_type == "prefix":
            path = [*condition.path, "*"]
            return tuple(path[: path.index("*")])
    return ()
