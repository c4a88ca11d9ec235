"""Threads' newest checkpoints read whole at once, where it can be guessed what they consist of."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.errors import Limited
from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import Place, StoredCheckpoint, value_keys
from sessiongraph_client.langgraph.session_items import PAGE, SessionItems

_MOST_KNOWN = 10_000


class _Latest(NamedTuple):
    checkpoint_id: str
    value_keys: list[str]


class LatestCheckpoints:
    """What this process last knew of threads' newest checkpoints: their ids, their values' keys.

    Who asks for the newest checkpoint gets it from the server; if it is the one that was expected,
    its values and writes have come with it.
    """

    def __init__(self, items: SessionItems) -> None:
        self._items = items
        self._known: OrderedDict[tuple[str, str], _Latest] = OrderedDict()

    def expect(self, place: Place, checkpoint: Mapping[str, Any]) -> None:
        """Take a checkpoint for the newest of a thread's namespace."""
        latest = _Latest(checkpoint["id"], value_keys(checkpoint))
        self._known[place.thread_id, place.namespace] = latest
        self._known.move_to_end((place.thread_id, place.namespace))
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    async def read(self, serde: SerializerProtocol, place: Place) -> CheckpointTuple | None:
        """Read a thread's newest checkpoint; None unless it is the one that was expected."""
        latest = self._known.get((place.thread_id, place.namespace))
        if latest is None or len(latest.value_keys) > PAGE:
            return None
        writes = names.writes_of(place.namespace, latest.checkpoint_id)
        try:
            found = await self._items.newest_with(
                place.session,
                place.checkpoints,
                {"collection": {"eq": place.values}, "key": {"in": latest.value_keys}},
                {"collection": {"eq": writes}},
            )
        except Limited:  # too much for one answer
            return None
        if found is None or found.item.key != names.key_of(latest.checkpoint_id):
            return None
        stored = StoredCheckpoint(serde, found.item)
        if not set(latest.value_keys).issuperset(value_keys(stored.checkpoint)):
            return None
        return stored.as_tuple({item.key: item for item in found.first}, found.second)
