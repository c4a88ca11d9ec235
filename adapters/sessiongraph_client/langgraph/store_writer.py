"""How a store's items are written and deleted."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from langgraph.store.base import PutOp

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, NotFound
from sessiongraph_client.langgraph.group_commit import GroupCommit
from sessiongraph_client.langgraph.known_memories import KnownMemories
from sessiongraph_client.langgraph.store_items import TYPE, content_of, memory_id, metadata_of
from sessiongraph_client.langgraph.store_vectors import StoreVectors
from sessiongraph_client.schema_types import BatchRecordInput

_ATTEMPTS = 10
_DELETE = """mutation LanggraphStoreDelete($input: DeleteMemoryInput!) {
  deleteMemory(input: $input) { replayed }
}"""
_Key = tuple[tuple[str, ...], str]


class StoreWriter:
    """Makes an item's memory, or a revision of it where it is there already.

    `owner` is what `createMemory` takes of whose the memories are.
    """

    def __init__(
        self,
        client: SessiongraphClient,
        known: KnownMemories,
        vectors: StoreVectors,
        owner: Mapping[str, str],
    ) -> None:
        self._client = client
        self._commit = GroupCommit(client)
        self._known = known
        self._vectors = vectors
        self._owner = owner

    async def put(self, puts: Mapping[_Key, PutOp]) -> None:
        """Write or delete items: those written in one transaction, unless they are too large."""
        written = {key: op for key, op in puts.items() if op.value is not None}
        if written:
            vectors = await self._vectors.of_items(written)
            await self._write(written, vectors)
        gone = [memory_id(*key) for key, op in puts.items() if op.value is None]
        await asyncio.gather(*(self._delete(name) for name in gone))

    async def _write(
        self,
        puts: Mapping[_Key, PutOp],
        vectors: Mapping[_Key, Mapping[str, list[float]]],
    ) -> None:
        named = {memory_id(*key): key for key in puts}
        await self._known.look_up(named)
        for attempt in range(_ATTEMPTS):
            records = [
                self._record(puts[key], vectors.get(key, {}), name in self._known)
                for name, key in named.items()
            ]
            try:
                await self._commit.record(records)
            except (Conflict, NotFound) as error:
                # another writer has made or deleted one of them meanwhile
                of_a_name = (error.field or "").endswith((".memoryId", ".memory"))
                if attempt == _ATTEMPTS - 1 or not of_a_name:
                    raise
                await self._known.ask(named)
            else:
                self._known.add(named)
                return

    def _record(
        self,
        op: PutOp,
        vectors: Mapping[str, list[float]],
        is_there: bool,  # noqa: FBT001
    ) -> BatchRecordInput:
        name, now = memory_id(op.namespace, op.key), datetime.now(UTC)
        content, exact = content_of(op.value or {})
        metadata = metadata_of(
            op.namespace,
            op.key,
            updated_at=now,
            ttl_minutes=op.ttl,
            exact=exact,
            vectors=vectors,
        )
        expires_at = None if op.ttl is None else expiry(op.ttl)
        embedding: list[float] | None = next(iter(vectors.values()), None)
        if is_there:
            return {
                "updateMemory": {
                    "memory": name,
                    "content": content,
                    "metadata": metadata,
                    "expiresAt": expires_at,
                    "embedding": embedding,
                }
            }
        return {
            "createMemory": {
                "memoryId": name,
                "type": TYPE,
                "sourceType": "langgraph",
                "content": content,
                "metadata": metadata,
                "expiresAt": expires_at,
                "embedding": embedding,
                "createdAt": now.isoformat(),
                **self._owner,  # type: ignore[typeddict-item]  # two of its keys
            }
        }

    async def _delete(self, name: str) -> None:
        self._known.forget(name)
        try:
            await self._client.mutate(_DELETE, memory=name)
        except NotFound:
            return


def expiry(minutes: float | None) -> str:
    """Give the time that is so many minutes from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes or 0)).isoformat()
