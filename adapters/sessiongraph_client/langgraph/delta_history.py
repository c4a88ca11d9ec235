"""What LangGraph's delta channels are rebuilt from: a stored value and the writes since then."""

from collections.abc import AsyncIterator, Mapping, Sequence

from langgraph.checkpoint.base import DeltaChannelHistory, PendingWrite
from langgraph.checkpoint.serde.base import SerializerProtocol

from sessiongraph_client.langgraph import names
from sessiongraph_client.langgraph.checkpoint_items import (
    StoredCheckpoint,
    has_value,
    read_writes,
    unpack,
    value_keys,
)
from sessiongraph_client.langgraph.checkpoint_reader import newest
from sessiongraph_client.langgraph.session_items import SessionItems

_BLOCK = 50


async def read_delta_history(
    items: SessionItems,
    serde: SerializerProtocol,
    thread_id: str,
    namespace: str,
    checkpoint_id: str | None,
    channels: Sequence[str],
) -> Mapping[str, DeltaChannelHistory]:
    """Walk from a checkpoint's parent towards the root until each channel has a stored value.

    Gives for each channel the writes from the oldest on, and as `seed` the value that they begin
    with. The writes at the checkpoint itself are not among them.
    """
    session = names.session_of(thread_id)
    collected: dict[str, list[PendingWrite]] = {channel: [] for channel in channels}
    seeds: dict[str, DeltaChannelHistory] = {}
    if not channels:
        return {}
    async for block in ancestors(items, serde, thread_id, namespace, checkpoint_id):
        left = [channel for channel in collected if channel not in seeds]
        keys = [key for each in block for key in value_keys(each.checkpoint, left)]
        values = await items.by_keys(session, names.values_of(namespace), list(dict.fromkeys(keys)))
        writes = await items.of_collections(
            session, [names.writes_of(namespace, each.id) for each in block]
        )
        for each in block:
            for write in reversed(read_writes(serde, writes[names.writes_of(namespace, each.id)])):
                if write[1] in collected and write[1] not in seeds:
                    collected[write[1]].append(write)
            for channel in left:
                for key in value_keys(each.checkpoint, [channel]):
                    item = values.get(key)
                    if channel not in seeds and item is not None and has_value(item):
                        seeds[channel] = {"writes": [], "seed": unpack(serde, item.value)}
        if len(seeds) == len(collected):
            break
    return {
        channel: {**seeds.get(channel, {"writes": []}), "writes": writes[::-1]}
        for channel, writes in collected.items()
    }


async def ancestors(
    items: SessionItems,
    serde: SerializerProtocol,
    thread_id: str,
    namespace: str,
    checkpoint_id: str | None,
) -> AsyncIterator[list[StoredCheckpoint]]:
    """Read the parent of a checkpoint (the newest if None), its parent and so on, in blocks.

    Ids grow, so parents lie further down in the collection; one that does not is read by itself.
    """
    session, collection = names.session_of(thread_id), names.checkpoints_of(namespace)
    if checkpoint_id is None:
        found = await newest(items, session, collection)
    else:
        by_key = await items.by_keys(session, collection, [names.key_of(checkpoint_id)])
        found = list(by_key.values())
    if not found:
        return
    wanted = StoredCheckpoint(serde, found[0]).parent_id
    below = items.find(
        session, {"collection": {"eq": collection}}, newest_key_first=True, page=_BLOCK
    )
    block: list[StoredCheckpoint] = []
    async for item in below:
        if wanted is None:
            break
        if item.key > names.key_of(wanted):
            continue
        if item.key < names.key_of(wanted):
            break
        block.append(StoredCheckpoint(serde, item))
        wanted = block[-1].parent_id
        if len(block) == _BLOCK:
            yield block
            block = []
    while wanted is not None:
        by_key = await items.by_keys(session, collection, [names.key_of(wanted)])
        if not by_key:
            break
        block.append(StoredCheckpoint(serde, next(iter(by_key.values()))))
        wanted = block[-1].parent_id
    if block:
        yield block
