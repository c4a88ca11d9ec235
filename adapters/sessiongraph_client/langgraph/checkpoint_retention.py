"""Threads copied, pruned and deleted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import NotFound
from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import (
    Place,
    StoredCheckpoint,
    copy_of,
    value_keys,
)
from sessiongraph_client.langgraph.checkpoint_reader import CheckpointReader
from sessiongraph_client.langgraph.conversation import CheckpointFacts
from sessiongraph_client.langgraph.delta_history import ancestors
from sessiongraph_client.langgraph.session_items import SessionItems, StoredItem
from sessiongraph_client.langgraph.thread_recorder import ThreadRecorder
from sessiongraph_client.schema_types import BatchRecordInput

_OURS = "langgraph."
_CHECKPOINTS = names.checkpoints_of("")
_BLOCK = 100
_SOURCE = """query LanggraphThread($session: ID!) { session(id: $session) { source } }"""
_DELETE = """mutation LanggraphDeleteThread($input: DeleteSessionInput!) {
  deleteSession(input: $input) { replayed }
}"""


class CheckpointRetention:
    """Deletes and copies what is kept of threads.

    Writes go before their checkpoints and values after them, so that what is cut short leaves no
    checkpoint without its values, and is made good by doing it again.
    """

    def __init__(
        self,
        client: SessiongraphClient,
        items: SessionItems,
        serde: SerializerProtocol,
        recorder: ThreadRecorder,
    ) -> None:
        self._client = client
        self._items = items
        self._serde = serde
        self._recorder = recorder

    async def delete_thread(self, thread_id: str) -> None:
        """Delete a thread's session if it was made here, and else its checkpoints."""
        session = names.session_of(thread_id)
        found = (await self._client.query(_SOURCE, session=session))["session"]
        if found is None:
            return
        try:
            if found["source"] == names.SOURCE:
                await self._client.mutate(_DELETE, session=session)
            else:
                await self._delete_all(session, and_messages=True)
        except NotFound:
            pass
        self._recorder.forget(thread_id)

    async def prune(self, thread_ids: Sequence[str], strategy: str) -> None:
        """Delete checkpoints of threads. Raises `ValueError` for an unknown strategy."""
        if strategy not in {"keep_latest", "delete"}:
            raise ValueError(f"There is no strategy {strategy!r}: give keep_latest or delete.")
        for thread_id in thread_ids:
            session = names.session_of(thread_id)
            if strategy == "delete":
                await self._delete_all(session)
                continue
            by_namespace = await self._checkpoints(session)
            for namespace, items in by_namespace.items():
                kept = await self._needed(thread_id, namespace)
                doomed = [item for item in items if item.key not in kept]
                await self._delete(session, namespace, doomed)
                await self._sweep(session, namespace)
            await self._sweep_parts(session)

    async def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Delete the checkpoints of runs in whichever thread."""
        doomed: dict[tuple[str, str], list[StoredItem]] = defaultdict(list)
        for run_id in run_ids:
            where = {"contains": {"kind": "checkpoint", "metadata": {"run_id": str(run_id)}}}
            async for item in self._items.find_names(None, {"metadata": where}):
                if item.collection.startswith(_CHECKPOINTS):
                    session = names.session_of(names.unescaped(item.metadata["thread"]))
                    doomed[session, names.unescaped(item.metadata["namespace"])].append(item)
        for (session, namespace), items in doomed.items():
            await self._delete(session, namespace, items)
            await self._sweep(session, namespace)
        for session in {session for session, _ in doomed}:
            await self._sweep_parts(session)

    async def copy_thread(self, source_id: str, target_id: str) -> None:
        """Copy items first, then checkpoints, then what people see of the newest ones."""
        session = names.session_of(source_id)
        for checkpoints in (False, True):
            block: list[BatchRecordInput] = []
            async for item in self._items.find(session, {}):
                kept = item.collection.startswith(_OURS) and item.collection not in {
                    names.MESSAGES,
                    names.PARTS,
                }
                if kept and item.collection.startswith(_CHECKPOINTS) == checkpoints:
                    block += copy_of(item, target_id)
                if len(block) >= _BLOCK:
                    await self._recorder.items(target_id, block)
                    block = []
            if block:
                await self._recorder.items(target_id, block)
        reader = CheckpointReader(self._items, self._serde)
        for namespace in await self._checkpoints(names.session_of(target_id)):
            newest = await reader.read(Place(target_id, namespace, None))
            if newest is not None:
                await self._show_copy(source_id, target_id, namespace, newest)

    async def _show_copy(self, source_id: str, target_id: str, namespace: str, newest: Any) -> None:
        parent = newest.parent_config
        facts = CheckpointFacts(
            target_id,
            namespace,
            newest.checkpoint["id"],
            parent["configurable"]["checkpoint_id"] if parent else None,
            newest.metadata,
        )
        told: BatchRecordInput = {
            "updateSession": {
                "session": names.session_of(target_id),
                "metadataPatch": {"copiedFrom": names.session_of(source_id)},
            }
        }
        await self._recorder.conversation(facts, newest.checkpoint["channel_values"], told)

    async def _checkpoints(self, session: str) -> dict[str, list[StoredItem]]:
        """Read what checkpoints a session has, by namespace."""
        found: dict[str, list[StoredItem]] = defaultdict(list)
        where = {"metadata": {"contains": {"kind": "checkpoint"}}}
        async for item in self._items.find_names(session, where):
            if item.collection.startswith(_CHECKPOINTS):
                found[names.unescaped(item.metadata["namespace"])].append(item)
        return dict(found)

    async def _needed(self, thread_id: str, namespace: str) -> set[str]:
        """Give the keys of the newest checkpoint and of those that its delta channels need."""
        reader = CheckpointReader(self._items, self._serde)
        place = Place(thread_id, namespace, None)
        newest = await reader.read(place)
        if newest is None:
            return set()
        needed = {names.key_of(newest.checkpoint["id"])}
        delta: Mapping[str, Any] = newest.metadata.get("counters_since_delta_snapshot") or {}
        left = {each for each in delta if each not in newest.checkpoint["channel_values"]}
        if not left:
            return needed
        walk = ancestors(
            self._items, self._serde, place._replace(checkpoint_id=newest.checkpoint["id"])
        )
        async for block in walk:
            for each in block:
                if not left:
                    return needed
                needed.add(each.key)
                left -= await self._stored(names.session_of(thread_id), namespace, each, left)
        return needed

    async def _stored(
        self, session: str, namespace: str, checkpoint: StoredCheckpoint, channels: set[str]
    ) -> set[str]:
        keys = {each: value_keys(checkpoint.checkpoint, [each]) for each in channels}
        wanted = [key for several in keys.values() for key in several]
        found = await self._items.by_keys(session, names.values_of(namespace), wanted)
        return {each for each, several in keys.items() if found.keys() & several}

    async def _delete(self, session: str, namespace: str, items: Sequence[StoredItem]) -> None:
        for item in items:
            checkpoint_id = names.unescaped(item.metadata["checkpoint"])
            await self._items.delete(session, names.writes_of(namespace, checkpoint_id))
        if items:
            keys = [item.key for item in items]
            await self._items.delete(session, names.checkpoints_of(namespace), keys)

    async def _sweep(self, session: str, namespace: str) -> None:
        """Delete the channel values that no checkpoint of the namespace has any more."""
        collection = names.values_of(namespace)
        where = {"collection": {"eq": collection}}
        there = [item.key async for item in self._items.find_names(session, where)]
        used: set[str] = set()
        where = {"collection": {"eq": names.checkpoints_of(namespace)}}
        async for item in self._items.find(session, where):
            used.update(value_keys(StoredCheckpoint(self._serde, item).checkpoint))
        if unused := [key for key in there if key not in used]:
            await self._items.delete(session, collection, unused)

    async def _sweep_parts(self, session: str) -> None:
        """Delete the parts of documents that are there no more."""
        where = {"collection": {"eq": names.PARTS}}
        parts = [item.key async for item in self._items.find_names(session, where)]
        if not parts:
            return
        used = {item.metadata.get("parts") async for item in self._items.find_names(session, {})}
        unused = [key for key in parts if key.partition(".")[0] not in used]
        await self._items.delete(session, names.PARTS, unused)

    async def _delete_all(self, session: str, *, and_messages: bool = False) -> None:
        kept = set() if and_messages else {names.MESSAGES}
        found = self._items.find_names(session, {})
        collections = {item.collection async for item in found}
        for collection in sorted(collections - kept):
            if collection.startswith(_OURS):
                await self._items.delete(session, collection)
