"""A store's items as memories: their names, their values, what they are found by."""

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.store.base import Item, SearchItem

from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.readable import clean, readable

TYPE = "langgraph.item"
"""The `type` of the memories that are a store's items."""
_FACTS = "langgraph"
_DEEPEST = 50
_LARGEST_INTEGER = 2**63
_SERDE = JsonPlusSerializer()


def memory_id(namespace: Sequence[str], key: str) -> str:
    """Name an item's memory: a JSON list of the namespace and the key, or its SHA-256."""
    return names.key_of(list(namespace), key)


def prefix_filter(namespace: Sequence[str]) -> dict[str, Any]:
    """Give what finds the memories of a namespace and of those below it."""
    where: dict[str, Any] = {"type": {"eq": TYPE}}
    if namespace:
        where["metadata"] = {"contains": {_FACTS: {"prefixes": [names.key_of(list(namespace))]}}}
    return where


def content_of(value: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Give a value as a memory's content, and what else it takes to give it back to the letter.

    PostgreSQL orders the keys of objects in its own way. Raises `TypeError` for what neither JSON
    nor LangGraph's serializer can hold.
    """
    whole = dict(value)
    if _is_plain(whole):
        return whole, {} if _is_in_order(whole) else {"value": _encode(whole)}
    return readable(whole), {"value": _encode(whole), "encoded": True}


def metadata_of(
    namespace: Sequence[str],
    key: str,
    *,
    updated_at: datetime,
    ttl_minutes: float | None,
    exact: Mapping[str, Any],
    vectors: Mapping[str, Sequence[float]],
) -> dict[str, Any]:
    """Give the metadata of an item's memory."""
    facts: dict[str, Any] = {
        "namespace": [names.escaped(label) for label in namespace],
        "key": names.escaped(key),
        "prefixes": [names.key_of(list(namespace[: depth + 1])) for depth in range(len(namespace))],
        "updatedAt": updated_at.isoformat(),
    }
    if ttl_minutes is not None:
        facts["ttlMinutes"] = ttl_minutes
    facts |= exact
    if len(vectors) > 1:
        facts["vectors"] = {clean(path): list(vector) for path, vector in vectors.items()}
    return {_FACTS: facts}


class StoredItem:
    """A memory as the item that it is."""

    def __init__(self, memory: Mapping[str, Any]) -> None:
        facts = memory["metadata"][_FACTS]
        self.memory_id: str = memory["memoryId"]
        self.revision: int = memory["revision"]
        self.expires_at: str | None = memory["expiresAt"]
        self.ttl_minutes: float | None = facts.get("ttlMinutes")
        self.namespace = tuple(names.unescaped(label) for label in facts["namespace"])
        self.key = names.unescaped(facts["key"])
        self.created_at = datetime.fromisoformat(memory["createdAt"])
        self.updated_at = datetime.fromisoformat(facts["updatedAt"])
        self.vectors: list[list[float]] = list(facts.get("vectors", {}).values())
        if not self.vectors and memory.get("embedding"):
            self.vectors = [memory["embedding"]]
        encoded = facts.get("value")
        self.value: dict[str, Any] = memory["content"]
        if encoded is not None:
            self.value = _decode(encoded)

    def as_item(self) -> Item:
        """Give it as `get` does."""
        return Item(
            value=self.value,
            key=self.key,
            namespace=self.namespace,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def as_hit(self, score: float | None) -> SearchItem:
        """Give it as `search` does."""
        return SearchItem(
            namespace=self.namespace,
            key=self.key,
            value=self.value,
            created_at=self.created_at,
            updated_at=self.updated_at,
            score=score,
        )


def namespace_in(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the namespace that a memory's metadata tells."""
    return tuple(names.unescaped(label) for label in metadata[_FACTS]["namespace"])


def _is_in_order(value: Any) -> bool:
    """Whether the keys of all objects stand as PostgreSQL puts them: by length, then by bytes."""
    if isinstance(value, dict):
        keys = [name.encode() for name in value]
        is_sorted = keys == sorted(keys, key=lambda key: (len(key), key))
        return is_sorted and all(map(_is_in_order, value.values()))
    return not isinstance(value, list) or all(map(_is_in_order, value))


def _encode(value: Any) -> list[str]:
    """Write a value as text in which PostgreSQL changes nothing: as JSON if that holds it."""
    try:
        text = json.dumps(value)
        if repr(json.loads(text)) == repr(value):
            return ["json", text]
    except (TypeError, ValueError, RecursionError):
        text = None
    try:
        kind, data = _SERDE.dumps_typed(value)
    except TypeError:
        if text is None:
            raise
        return ["json", text]
    return [kind, b64encode(data).decode()]


def _decode(encoded: Sequence[str]) -> Any:
    kind, text = encoded
    return json.loads(text) if kind == "json" else _SERDE.loads_typed((kind, b64decode(text)))


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether the server gives back the very same as JSON, but for the order of keys."""
    kind = type(value)
    if kind is dict and depth < _DEEPEST:
        return all(
            type(name) is str and clean(name) == name and _is_plain(its, depth + 1)
            for name, its in value.items()
        )
    if kind is list and depth < _DEEPEST:
        return all(_is_plain(one, depth + 1) for one in value)
    return value is None or kind is bool or _is_plain_scalar(value)


def _is_plain_scalar(value: Any) -> bool:
    if type(value) is str:
        return clean(value) == value
    if type(value) is int:
        return abs(value) < _LARGEST_INTEGER
    # PostgreSQL writes 1e20 as an integer, and -0.0 as 0.0
    return (
        type(value) is float
        and math.isfinite(value)
        and "e" not in repr(value)
        and repr(value) != "-0.0"
    )
