"""What LangGraph's delta channels are rebuilt from: a stored value and the writes since then."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from langgraph.checkpoint.base import DeltaChannelHistory, PendingWrite
from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import (
    Place,
    StoredCheckpoint,
    read_writes,
    unpack,
    value_keys,
)
from sessiongraph_client.langgraph.checkpoint_reader import read_item
from sessiongraph_client.langgraph.session_items import SessionItems

_BLOCK = 50


async def read_delta_history(
    items: SessionItems, serde: SerializerProtocol, place: Place, channels: Sequence[str]
) -> Mapping[str, DeltaChannelHistory]:
    """Walk from a checkpoint's parent towards the root until each channel has a stored value.

    Gives for each channel the writes from the oldest on, and as `seed` the value that they begin
    with. The writes at the checkpoint itself are not among them.
    """
    collected: dict[str, list[PendingWrite]] = {channel: [] for channel in channels}
    seeds: dict[str, DeltaChannelHistory] = {}
    if not channels:
        return {}
    async for block in ancestors(items, serde, place):
        left = [channel for channel in collected if channel not in seeds]
        keys = [key for each in block for key in value_keys(each.checkpoint, left)]
        writes_of = {each.id: names.writes_of(place.namespace, each.id) for each in block}
        values, writes = await asyncio.gather(
            items.by_keys(place.session, place.values, list(dict.fromkeys(keys))),
            items.of_collections(place.session, list(writes_of.values())),
        )
        for each in block:
            for write in reversed(read_writes(serde, writes[writes_of[each.id]])):
                if write[1] in collected and write[1] not in seeds:
                    collected[write[1]].append(write)
            for channel in left:
                stored = [values.get(key) for key in value_keys(each.checkpoint, [channel])]
                for item in stored:
                    if channel not in seeds and item is not None:
                        seeds[channel] = {"writes": [], "seed": unpack(serde, item.value)}
        if len(seeds) == len(collected):
            break
    return {
        channel: {**seeds.get(channel, {"writes": []}), "writes": writes[::-1]}
        for channel, writes in collected.items()
    }


async def ancestors(
    items: SessionItems, serde: SerializerProtocol, place: Place
) -> AsyncIterator[list[StoredCheckpoint]]:
    """Read a checkpoint's parent, its parent and so on, in blocks."""
    found = await read_item(items, place)
    wanted = StoredCheckpoint(serde, found[0]).parent_id if found else None
    if wanted is None:
        return
    block: list[StoredCheckpoint] = []
    async for checkpoint in _line(items, serde, place, wanted):
        block.append(checkpoint)
        if len(block) == _BLOCK:
            yield block
            block = []
    if block:
        yield block


async def _line(
    items: SessionItems, serde: SerializerProtocol, place: Place, first_id: str
) -> AsyncIterator[StoredCheckpoint]:
    """Read a checkpoint and those above it.

    Ids grow, so parents lie further down in the collection; one that does not is read by itself.
    """
    wanted: str | None = first_id
    where = {"collection": {"eq": place.checkpoints}}
    async for item in items.find(place.session, where, newest_key_first=True, page=_BLOCK):
        if wanted is None or item.key < names.key_of(wanted):
            break
        if item.key == names.key_of(wanted):
            checkpoint = StoredCheckpoint(serde, item)
            yield checkpoint
            wanted = checkpoint.parent_id
    while wanted is not None and (
        found := await read_item(items, place._replace(checkpoint_id=wanted))
    ):
        checkpoint = StoredCheckpoint(serde, found[0])
        yield checkpoint
        wanted = checkpoint.parent_id
