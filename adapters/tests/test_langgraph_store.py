"""The store against LangGraph's own in memory, and what a dashboard sees of its items."""

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langgraph.graph import START, StateGraph
from langgraph.store.base import (
    BaseStore,
    GetOp,
    IndexConfig,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    PutOp,
    SearchOp,
)
from langgraph.store.memory import InMemoryStore
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.blocking import run_blocking
from sessiongraph_client.langgraph import SessiongraphSaver, SessiongraphStore

from tests.conftest import Server

MEMORIES = """query { memories(first: 200, orderBy: { field: CREATED_AT }) { nodes {
  memoryId type content metadata userId embedding expiresAt accessCount revision
  revisions(first: 50) { nodes { content } }
  accesses(first: 50) { nodes {
    accessType rank score queryText accessorType session { sessionId }
  } }
} } }"""


class Letters(Embeddings):
    """A model that counts letters."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(text.lower().count(letter)) for letter in "aeinost"] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def bare(result: Any) -> Any:
    """Give a result without its times."""
    if isinstance(result, list):
        return [bare(each) for each in result]
    if isinstance(result, Item):
        score = getattr(result, "score", None)
        rounded = None if score is None else round(score, 5)
        return (result.namespace, result.key, result.value, rounded)
    return result


async def see(client: SessiongraphClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.query(MEMORIES))["memories"]["nodes"]
    for memory in found:
        memory["accesses"] = memory["accesses"]["nodes"]
        memory["revisions"] = [each["content"] for each in memory["revisions"]["nodes"]]
    return found


VALUES: list[Any] = [
    {"text": "a tea in Oslo", "score": 3, "tags": ["x", "y"]},
    {"text": "no stone", "score": 4.5, "color": "red"},
    {"text": "interest", "score": -1, "color": "blue", "deep": {"er": {"value": 2}}},
    {"score": 10, "color": "red", "deep": {"er": {"value": 3}}},
]
NAMESPACES = [("a",), ("a", "b"), ("a", "b", "c"), ("b",), ("b", "b"), ("ü", "日本")]
FILTERS: list[Any] = [
    None,
    {"color": "red"},
    {"color": {"$eq": "red"}},
    {"color": {"$ne": "red"}},
    {"score": {"$gt": 3}, "color": {"$ne": 0}},
    {"score": {"$gte": 3, "$lt": 10}},
    {"score": {"$lte": 3}},
    {"score": 3},
    {"tags": ["x", "y"]},
    {"deep": {"er": {"value": 2}}},
    {"deep": {"er": {"value": 3}}},
    {"missing": None},
]


def operations(chance: random.Random) -> list[Any]:
    """Make a batch of operations at random."""
    made: list[Any] = []
    for _ in range(chance.randint(1, 6)):
        namespace, key = chance.choice(NAMESPACES), chance.choice(["1", "2", "3"])
        made.append(
            chance.choice(
                [
                    PutOp(namespace, key, chance.choice(VALUES)),
                    PutOp(namespace, key, chance.choice(VALUES)),
                    PutOp(namespace, key, None),
                    GetOp(namespace, key),
                    SearchOp(namespace[:1], chance.choice(FILTERS), 100, 0),
                    SearchOp((), chance.choice(FILTERS), 100, 0),
                ]
            )
        )
    return made


def in_order(results: Sequence[Any]) -> list[Any]:
    """Give results with what a search finds in one order, for without a query it has none."""
    return [sorted(map(repr, bare(one))) if isinstance(one, list) else bare(one) for one in results]


@pytest.mark.parametrize("seed", range(4))
async def test_random_operations_give_what_they_give_in_memory(
    client: SessiongraphClient, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  the same at each run
    own, other = SessiongraphStore(client), InMemoryStore()
    async with own:
        for _ in range(12):
            batch = operations(chance)
            expected = in_order(await other.abatch(batch))
            assert in_order(await own.abatch(batch)) == expected


def test_synchronous_operations_give_what_they_give_in_memory(
    server_url: str, api_key: str
) -> None:
    client = SessiongraphClient(server_url, api_key=api_key)
    own, other = SessiongraphStore(client), InMemoryStore()
    chance = random.Random(7)  # noqa: S311  the same at each run
    for _ in range(8):
        batch = operations(chance)
        expected = in_order(other.batch(batch))
        assert in_order(own.batch(batch)) == expected
    own.close()
    run_blocking(client.aclose())


async def test_pages_of_a_search_are_in_the_order_of_making(client: SessiongraphClient) -> None:
    own, other = SessiongraphStore(client), InMemoryStore()
    for store in (own, other):
        for number in range(12):
            await store.aput(("n",), f"{number}", {"number": number, "even": number % 2 == 0})
        await store.aput(("n",), "3", {"number": 3, "even": True})
    for arguments in (
        {"limit": 5},
        {"limit": 5, "offset": 5},
        {"limit": 5, "offset": 10},
        {"limit": 3, "offset": 2, "filter": {"even": True}},
        {"limit": 0},
        {"limit": -2},
        {"filter": {"number": {"$gt": 8}}},
    ):
        expected = bare(await other.asearch(("n",), **arguments))
        assert bare(await own.asearch(("n",), **arguments)) == expected
    await own.aclose()


CONDITIONS: list[Any] = [
    (),
    (MatchCondition("prefix", ("a",)),),
    (MatchCondition("prefix", ("a", "*")),),
    (MatchCondition("prefix", ("*", "b")),),
    (MatchCondition("suffix", ("b",)),),
    (MatchCondition("suffix", ("b", "*")),),
    (MatchCondition("prefix", ("a",)), MatchCondition("suffix", ("c",))),
]


async def test_namespaces_are_listed_as_in_memory(client: SessiongraphClient) -> None:
    own, other = SessiongraphStore(client), InMemoryStore()
    puts = [PutOp(namespace, "1", {}) for namespace in NAMESPACES]
    for store in (own, other):
        await store.abatch(puts)
    ops = [
        ListNamespacesOp(conditions, max_depth, limit, offset)
        for conditions in CONDITIONS
        for max_depth in (None, 1, 2)
        for limit, offset in ((100, 0), (2, 1))
    ]
    assert await own.abatch(ops) == await other.abatch(ops)
    await own.adelete(("b", "b"), "1")
    assert ("b", "b") not in await own.alist_namespaces()


INDEX: list[Any] = [
    {"dims": 7, "embed": Letters()},
    {"dims": 7, "embed": Letters(), "fields": ["text", "tags[*]"]},
]


@pytest.mark.parametrize("index", INDEX)
async def test_a_search_by_likeness_ranks_as_in_memory(
    client: SessiongraphClient, index: IndexConfig
) -> None:
    own, other = SessiongraphStore(client, index=index), InMemoryStore(index=index)
    for store in (own, other):
        for number, text in enumerate(["a tea in Oslo", "no stone", "interest", "station", "xyz"]):
            value = {"text": text, "tags": [f"tag {text}", f"a {number}"]}
            await store.aput(("docs",), f"{number}", value)
        await store.aput(("docs",), "hidden", {"text": "notes"}, index=False)
        await store.aput(("docs",), "other", {"text": "x", "more": "notes"}, index=["more"])
    for arguments in (
        {"query": "notes"},
        {"query": "tea", "limit": 3},
        {"query": "tea", "limit": 2, "offset": 2},
        {"query": "tea", "filter": {"text": "no stone"}},
        {"query": None},
    ):
        expected = bare(await other.asearch(("docs",), **arguments))
        assert bare(await own.asearch(("docs",), **arguments)) == expected
    await own.aclose()
    hits = [each for memory in await see(client) for each in memory["accesses"]]
    assert {each["queryText"] for each in hits} == {"notes", "tea", None}
    assert any(each["score"] is not None and each["rank"] == 0 for each in hits)


def deeply_nested() -> list[Any]:
    nested: list[Any] = []
    for _ in range(100):
        nested = [nested]
    return nested


ODD: list[Any] = [
    {},
    {"": None, "list": [], "nested": {"a": [1, {"b": None}]}},
    {"nul": "a\0b", "\0": 1},
    {"surrogate": "\ud800"},
    {"big": 2**80, "small": -(2**63)},
    {"float": 1e300, "whole": 1.0, "zero": -0.0, "tiny": 5e-324, "third": 1 / 3},
    {"no number": float("nan"), "no end": float("inf")},
    {"set": {1}, "bytes": b"\xff", "time": datetime(2026, 1, 1, tzinfo=UTC)},
    {"deep": [[[[[[[[[[[[1]]]]]]]]]]]] * 3},
    {"deeper": deeply_nested()},
]


@pytest.mark.parametrize("place", range(len(ODD)))
async def test_a_value_comes_back_as_it_was(client: SessiongraphClient, place: int) -> None:
    store = SessiongraphStore(client)
    await store.aput(("odd",), "value", ODD[place])
    found = await store.aget(("odd",), "value")
    assert found is not None
    assert repr(found.value) == repr(ODD[place])
    (hit,) = await store.asearch(("odd",))
    assert repr(hit.value) == repr(ODD[place])
    await store.aclose()


async def test_names_are_told_apart(client: SessiongraphClient) -> None:
    store = SessiongraphStore(client)
    places: list[Any] = [
        (("a", "b"), "c"),
        (("a",), "b"),
        (("a",), 'b"],"c'),
        (("x" * 600,), "k" * 600),
        (("x" * 600,), "k" * 601),
        (("a",), "\0"),
        (("a",), ""),
        (("\ud800",), "\udfff"),
        (("a",), "memory_01h455vb4pex5vsknk084sn02q"),
    ]
    await store.abatch([PutOp(place[0], place[1], {"n": n}) for n, place in enumerate(places)])
    found = await store.abatch([GetOp(*place) for place in places])
    assert [(each.namespace, each.key, each.value["n"]) for each in found] == [  # type: ignore[union-attr]
        (*place, n) for n, place in enumerate(places)
    ]
    hits = await store.asearch(("\ud800",))
    assert [each.key for each in hits] == ["\udfff"]
    await store.aclose()


async def test_bad_namespaces_and_operators_are_refused(client: SessiongraphClient) -> None:
    store = SessiongraphStore(client)
    for namespace in ((), ("a.b",), ("",), ("langgraph",)):
        with pytest.raises(InvalidNamespaceError):
            await store.aput(namespace, "k", {})
    await store.aput(("a",), "k", {"n": 1})
    with pytest.raises(ValueError, match="Unsupported operator"):
        await store.asearch(("a",), filter={"n": {"$like": 1}})


async def test_items_are_memories_with_their_history(client: SessiongraphClient) -> None:
    async with SessiongraphStore(client, user_id="ann") as store:
        await store.aput(("users", "ann"), "food", {"likes": "tea"})
        await store.aput(("users", "ann"), "food", {"likes": "coffee"})
        first = await store.aget(("users", "ann"), "food")
        await store.asearch(("users",), filter={"likes": "coffee"})
        assert await store.aget(("users", "ann"), "nothing") is None
    (memory,) = await see(client)
    assert (memory["memoryId"], memory["type"]) == ('[["users", "ann"], "food"]', "langgraph.item")
    assert (memory["content"], memory["userId"]) == ({"likes": "coffee"}, "ann")
    assert memory["revisions"] == [{"likes": "tea"}]
    assert memory["metadata"]["langgraph"]["namespace"] == ["users", "ann"]
    assert {each["accessType"] for each in memory["accesses"]} == {"READ", "SEARCH_HIT"}
    assert first is not None
    assert first.created_at <= first.updated_at
    await store.adelete(("users", "ann"), "food")
    assert await see(client) == []


async def test_a_graphs_reads_stand_in_its_session(client: SessiongraphClient) -> None:
    async def node(state: dict[str, Any], *, store: BaseStore) -> dict[str, Any]:
        found = await store.aget(("facts",), "answer")
        return {"answer": found and found.value["n"]}

    store = SessiongraphStore(client)
    await store.aput(("facts",), "answer", {"n": 42})
    builder: Any = StateGraph(dict)
    builder.add_node("node", node)
    builder.add_edge(START, "node")
    graph = builder.compile(checkpointer=SessiongraphSaver(client), store=store)
    result = await graph.ainvoke({}, {"configurable": {"thread_id": "t"}}, durability="sync")
    assert result == {"answer": 42}
    await store.aclose()
    (memory,) = await see(client)
    (access,) = memory["accesses"]
    assert (access["session"], access["accessorType"]) == ({"sessionId": "t"}, "AGENT")


async def test_items_expire_and_reads_put_it_off(client: SessiongraphClient) -> None:
    store = SessiongraphStore(client, ttl={"default_ttl": 60, "refresh_on_read": False})
    await store.aput(("a",), "default", {})
    await store.aput(("a",), "own", {}, ttl=10)
    await store.aput(("a",), "never", {}, ttl=None)

    async def times() -> list[Any]:
        return [
            each["expiresAt"] and datetime.fromisoformat(each["expiresAt"])
            for each in await see(client)
        ]

    hour, minutes, never = await times()
    assert never is None
    assert timedelta(minutes=49) < hour - minutes < timedelta(minutes=51)
    await store.aget(("a",), "own")
    assert await times() == [hour, minutes, None]
    await store.aget(("a",), "own", refresh_ttl=True)
    refreshed = (await times())[1]
    assert refreshed > minutes
    await store.asearch(("a",), refresh_ttl=True)
    again = await times()
    assert again[0] > hour
    assert again[1] > refreshed
    await store.aput(("a",), "own", {}, ttl=None)
    assert (await times())[1] is None
    await store.aclose()


async def test_writers_of_one_item_do_not_fail(client: SessiongraphClient) -> None:
    stores = [SessiongraphStore(client) for _ in range(3)]

    async def write(store: SessiongraphStore, number: int) -> None:
        for step in range(5):
            await store.aput(("a",), "k", {"writer": number, "step": step})
            if step % 2 and number == 0:
                await store.adelete(("a",), "k")

    await asyncio.gather(*(write(store, number) for number, store in enumerate(stores)))
    await stores[0].aput(("a",), "k", {"last": True})
    found = await stores[1].aget(("a",), "k")
    assert found is not None
    assert found.value == {"last": True}
    await stores[1].aclose()


async def test_another_projects_key_finds_nothing(
    server: Server, client: SessiongraphClient
) -> None:
    await SessiongraphStore(client).aput(("a",), "k", {})
    async with SessiongraphClient(server.url, api_key=server.make_key()) as stranger:
        store = SessiongraphStore(stranger)
        assert await store.aget(("a",), "k") is None
        assert await store.asearch(()) == []
        assert await store.alist_namespaces() == []
