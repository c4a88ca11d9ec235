"""Checkpoints, channel values and pending writes as session items, verbatim.

A checkpoint's channel values are kept once for each version, so that a long channel is not copied
at every step. Each document holds what the saver's serializer made, in base 64.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointTuple,
    PendingWrite,
    writes_sort_key,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.readable import clean
from sessiongraph_client.langgraph.session_items import StoredItem, put_item
from sessiongraph_client.schema_types import BatchRecordInput

_LONGEST_SEARCHED = 1_000


class Place(NamedTuple):
    """Where a checkpoint stands: its thread, its namespace ("" for the root) and its id."""

    thread_id: str
    namespace: str
    checkpoint_id: str | None

    @property
    def session(self) -> str:
        """The name of the thread's session."""
        return names.session_of(self.thread_id)

    @property
    def values(self) -> str:
        """The collection of the namespace's channel values."""
        return names.values_of(self.namespace)

    @property
    def checkpoints(self) -> str:
        """The collection of the namespace's checkpoints."""
        return names.checkpoints_of(self.namespace)


def put_checkpoint(
    serde: SerializerProtocol,
    parent: Place,
    checkpoint: Mapping[str, Any],
    metadata: Mapping[str, Any],
) -> list[BatchRecordInput]:
    """Make the records that keep a checkpoint behind its parent, without its channel values."""
    thread_id, namespace, parent_id = parent
    own = {name: value for name, value in checkpoint.items() if name != "channel_values"}
    document = {
        "thread": names.escaped(thread_id),
        "namespace": names.escaped(namespace),
        "id": names.escaped(checkpoint["id"]),
        "parent": None if parent_id is None else names.escaped(parent_id),
        "checkpoint": pack(serde, own),
        "metadata": pack(serde, metadata),
    }
    return put_item(
        parent.session,
        parent.checkpoints,
        names.key_of(checkpoint["id"]),
        document,
        metadata=search_metadata(thread_id, namespace, checkpoint["id"], metadata),
    )


def search_metadata(
    thread_id: str, namespace: str, checkpoint_id: str, metadata: Mapping[str, Any]
) -> dict[str, Any]:
    """Give what a checkpoint's item is found by."""
    return {
        "kind": "checkpoint",
        "checkpoint": names.escaped(checkpoint_id),
        "thread": names.escaped(thread_id),
        "namespace": names.escaped(namespace),
        "metadata": searchable(metadata),
    }


def searchable(metadata: Mapping[str, Any]) -> dict[str, str | int]:
    """Give the part of metadata that the server compares as Python does: texts and integers."""
    return {
        name: value
        for name, value in metadata.items()
        if _is_clean(name)
        and (
            (isinstance(value, str) and _is_clean(value))
            or (type(value) is int and 1 < abs(value) < 2**53)  # to Python 1 is True, to JSON not
        )
    }


def put_values(
    serde: SerializerProtocol,
    place: Place,
    values: Mapping[str, Any],
    versions: ChannelVersions,
) -> list[BatchRecordInput]:
    """Make the records that keep the values of channels at their new versions.

    A channel that has no value at its version has no item.
    """
    return [
        record
        for channel, version in versions.items()
        if channel in values
        for record in put_item(
            place.session,
            place.values,
            names.key_of(channel, version),
            pack(serde, values[channel]),
            if_exists="KEEP",
        )
    ]


def put_writes(
    serde: SerializerProtocol,
    place: Place,
    writes: Sequence[tuple[str, Any]],
    task_id: str,
    task_path: str,
) -> list[BatchRecordInput]:
    """Make the records that keep a task's writes at a checkpoint.

    Of regular writes the first of each index stays, of special ones the last.
    """
    records: list[BatchRecordInput] = []
    for number, (channel, value) in enumerate(writes):
        index = WRITES_IDX_MAP.get(channel, number)
        document = {
            "task": names.escaped(task_id),
            "path": names.escaped(task_path),
            "index": index,
            "channel": names.escaped(channel),
            "value": pack(serde, value),
        }
        records += put_item(
            place.session,
            names.writes_of(place.namespace, place.checkpoint_id or ""),
            names.key_of(task_id, index),
            document,
            if_exists="KEEP" if index >= 0 else "REPLACE",
        )
    return records


def value_keys(checkpoint: Mapping[str, Any], channels: Iterable[str] | None = None) -> list[str]:
    """Give the keys of a checkpoint's channel values: of these channels, or of all."""
    versions: ChannelVersions = checkpoint["channel_versions"]
    wanted = versions if channels is None else [name for name in channels if name in versions]
    return [names.key_of(channel, versions[channel]) for channel in wanted]


def read_values(
    serde: SerializerProtocol, checkpoint: Mapping[str, Any], items: Mapping[str, StoredItem]
) -> dict[str, Any]:
    """Give the values of a checkpoint's channels that the items hold."""
    values: dict[str, Any] = {}
    for channel, version in checkpoint["channel_versions"].items():
        item = items.get(names.key_of(channel, version))
        if item is not None:
            values[channel] = unpack(serde, item.value)
    return values


def _order(document: Mapping[str, Any]) -> tuple[str, str, int]:
    path, task_id = names.unescaped(document["path"]), names.unescaped(document["task"])
    return writes_sort_key(path, task_id, document["index"])


def read_writes(serde: SerializerProtocol, items: Iterable[StoredItem]) -> list[PendingWrite]:
    """Give the writes of a checkpoint in the order in which LangGraph applies them."""
    documents = [item.value for item in items]
    documents.sort(key=_order)
    return [
        (names.unescaped(its["task"]), names.unescaped(its["channel"]), unpack(serde, its["value"]))
        for its in documents
    ]


def copy_of(item: StoredItem, thread_id: str) -> list[BatchRecordInput]:
    """Make the records that put an item in another thread."""
    value, metadata = item.value, item.metadata
    if metadata.get("kind") == "checkpoint":
        value = {**value, "thread": names.escaped(thread_id)}
        metadata = {**metadata, "thread": names.escaped(thread_id)}
    session = names.session_of(thread_id)
    return put_item(session, item.collection, item.key, value, metadata=metadata)


class StoredCheckpoint:
    """A checkpoint's item, with the parts of it that are read again and again."""

    def __init__(self, serde: SerializerProtocol, item: StoredItem) -> None:
        self._serde = serde
        document = item.value
        self.thread_id = names.unescaped(document["thread"])
        self.namespace = names.unescaped(document["namespace"])
        self.id = names.unescaped(document["id"])
        self.parent_id = None if document["parent"] is None else names.unescaped(document["parent"])
        self.collection, self.key, self.document = item.collection, item.key, document
        self.checkpoint: dict[str, Any] = unpack(serde, document["checkpoint"])
        self.metadata: dict[str, Any] = unpack(serde, document["metadata"])

    def as_tuple(
        self, values: Mapping[str, StoredItem], writes: Iterable[StoredItem]
    ) -> CheckpointTuple:
        """Give it as LangGraph takes it."""
        whole = {
            **self.checkpoint,
            "channel_values": read_values(self._serde, self.checkpoint, values),
        }
        checkpoint: Checkpoint = whole  # type: ignore[assignment]  # the serializer's word for it
        parent = self.parent_id
        return CheckpointTuple(
            config=config_of(self.thread_id, self.namespace, self.id),
            checkpoint=checkpoint,
            metadata=self.metadata,  # type: ignore[arg-type]  # the serializer's word for it
            parent_config=config_of(self.thread_id, self.namespace, parent) if parent else None,
            pending_writes=read_writes(self._serde, writes),
        )


def config_of(thread_id: str, namespace: str, checkpoint_id: str) -> RunnableConfig:
    """Give the configuration that names a checkpoint."""
    return {
        "configurable": {
            "thread_id": thread_id,
            "checkpoint_ns": namespace,
            "checkpoint_id": checkpoint_id,
        }
    }


def pack(serde: SerializerProtocol, value: Any) -> list[str]:
    """Serialize a value: the serializer's type for it, and its bytes in base 64."""
    kind, data = serde.dumps_typed(value)
    return [kind, b64encode(data).decode()]


def unpack(serde: SerializerProtocol, packed: Sequence[str]) -> Any:
    """Give back what `pack` took."""
    return serde.loads_typed((packed[0], b64decode(packed[1])))


def _is_clean(text: str) -> bool:
    return len(text) <= _LONGEST_SEARCHED and clean(text) == text
