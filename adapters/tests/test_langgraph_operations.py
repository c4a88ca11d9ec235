"""Random sequences of a checkpointer's operations, on LangGraph's own in memory and on ours."""

import asyncio
import random
from typing import Any

import pytest
from langgraph.checkpoint.base import CheckpointTuple, empty_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT, RESUME, _DeltaSnapshot
from langgraph.types import Interrupt
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.langgraph import SessiongraphSaver

THREADS = ["one", "two"]
NAMESPACES = ["", "child:1", "child:1|grandchild:2"]
CHANNELS = ["messages", "count", "ü 日本", "branch:to:x", "n\0l"]
WRITTEN = [*CHANNELS, ERROR, INTERRUPT, RESUME]


def value_of(chance: random.Random) -> Any:
    made = [1, "text\0", None, [1, {"a": (2,)}], {"k": b"\xff"}, 1.5, _DeltaSnapshot([1])]
    return chance.choice(made)


def bare(found: CheckpointTuple | None) -> Any:
    if found is None:
        return None
    place = {name: its for name, its in found.config["configurable"].items() if its}
    return (place, found.checkpoint, found.metadata, found.parent_config, found.pending_writes)


class Both:
    """Two checkpointers that are asked the same."""

    def __init__(self, client: SessiongraphClient, chance: random.Random) -> None:
        self._savers: list[Any] = [InMemorySaver(), SessiongraphSaver(client)]
        self._chance = chance
        self._places: list[dict[str, Any]] = []

    async def ask(self, name: str, *arguments: Any, **named: Any) -> Any:
        results = [await getattr(saver, name)(*arguments, **named) for saver in self._savers]
        shown = [bare(one) if isinstance(one, CheckpointTuple) else one for one in results]
        assert shown[1] == shown[0], (name, arguments)
        return results[1]

    async def put(self) -> None:
        chance = self._chance
        place = {"thread_id": chance.choice(THREADS), "checkpoint_ns": chance.choice(NAMESPACES)}
        siblings = [each for each in self._places if each.items() >= place.items()]
        parent = chance.choice(siblings) if siblings and chance.random() < 0.9 else place
        checkpoint = empty_checkpoint()
        checkpoint["id"] = str(uuid6(clock_seq=len(self._places)))
        found = await self.ask("aget_tuple", {"configurable": parent})
        if found is not None:
            checkpoint["channel_values"] = dict(found.checkpoint["channel_values"])
            checkpoint["channel_versions"] = dict(found.checkpoint["channel_versions"])
        versions: dict[str, Any] = {}
        for channel in chance.sample(CHANNELS, chance.randint(0, 3)):
            current = checkpoint["channel_versions"].get(channel)
            versions[channel] = self._savers[1].get_next_version(current, None)
            checkpoint["channel_versions"][channel] = versions[channel]
            checkpoint["channel_values"].pop(channel, None)
            if chance.random() < 0.8:
                checkpoint["channel_values"][channel] = value_of(chance)
        metadata = {"source": chance.choice(["loop", "update"]), "step": len(self._places)}
        config = {"configurable": parent, "metadata": {"user": "ann\0", "flag": True}}
        put = await self.ask("aput", config, checkpoint, metadata, versions)
        self._places.append(put["configurable"])

    async def put_writes(self) -> None:
        chance = self._chance
        writes = []
        for channel in chance.choices(WRITTEN, k=chance.randint(1, 4)):
            asked = (Interrupt("Go on?", id=chance.choice("ab")),)
            writes.append((channel, asked if channel == INTERRUPT else value_of(chance)))
        config = {"configurable": chance.choice(self._places)}
        path = chance.choice(["", "~a", "~b"])
        await self.ask("aput_writes", config, writes, f"task {chance.randint(1, 3)}", path)

    async def read(self) -> None:
        chance = self._chance
        place = dict(chance.choice(self._places))
        await self.ask("aget_tuple", {"configurable": place})
        channels = chance.sample(CHANNELS, 2)
        await self.ask(
            "aget_delta_channel_history", config={"configurable": place}, channels=channels
        )
        before = {"configurable": {"checkpoint_id": place.pop("checkpoint_id")}}
        await self.ask("aget_tuple", {"configurable": place})
        for arguments in (
            {},
            {"limit": 2},
            {"before": before},
            {"before": before, "limit": 1},
            {"filter": {"source": "update"}},
            {"filter": {"source": "loop", "user": "ann"}, "limit": 2},
            {"filter": {"step": place.get("step", 3), "flag": True}},
            {"filter": {"nothing": None}},
        ):
            await self._list({"configurable": place}, arguments)
        await self._list({"configurable": {"thread_id": place["thread_id"]}}, {}, is_ordered=False)
        await self._list(None, {"filter": {"source": "update"}}, is_ordered=False)

    async def _list(
        self, config: Any, arguments: dict[str, Any], *, is_ordered: bool = True
    ) -> None:
        found = [
            [bare(each) async for each in saver.alist(config, **arguments)]
            for saver in self._savers
        ]
        if not is_ordered:  # LangGraph's savers differ in the order of namespaces
            found = [sorted(each, key=repr) for each in found]
        assert found[1] == found[0], (config, arguments)

    async def delete_thread(self) -> None:
        thread_id = self._chance.choice(THREADS)
        await self.ask("adelete_thread", thread_id)
        self._places = [each for each in self._places if each["thread_id"] != thread_id]


@pytest.mark.parametrize("seed", range(3))
async def test_random_operations_give_what_they_give_in_memory(
    client: SessiongraphClient, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  the same at each run
    both = Both(client, chance)
    for number in range(45):
        if number % 3 == 0:
            await both.put()
        await chance.choices([both.put_writes, both.read, both.put], [5, 3, 2])[0]()
    await both.delete_thread()
    await both.put()
    await both.read()


async def test_the_first_of_two_writers_keeps_a_regular_write(client: SessiongraphClient) -> None:
    savers = [SessiongraphSaver(client) for _ in range(2)]
    config: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    stored = await savers[0].aput(config, empty_checkpoint(), {"source": "loop"}, {})
    await asyncio.gather(
        *(
            saver.aput_writes(stored, [("a", number), (ERROR, number)], "task")
            for number, saver in enumerate(savers)
        )
    )
    found = await savers[0].aget_tuple(config)
    assert found is not None
    assert [write[:2] for write in found.pending_writes or []] == [("task", ERROR), ("task", "a")]
