"""Writes of several callers at once, and writes beside other writers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langgraph.store.base import PutOp
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.errors import NotFound
from sessiongraph_client.langgraph import SessiongraphStore
from sessiongraph_client.langgraph.group_commit import GroupCommit
from sessiongraph_client.schema_types import BatchRecordInput

SESSIONS = "query { sessions(first: 200) { nodes { sessionId } } }"


class Counting(SessiongraphClient):
    """A client that counts its requests."""

    requests = 0

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        self.requests += 1
        return await super().query(document, **variables)


@pytest.fixture
async def counting(server_url: str, api_key: str) -> AsyncIterator[Counting]:
    async with Counting(server_url, api_key=api_key) as client:
        yield client


def session(name: str) -> BatchRecordInput:
    return {"createSession": {"sessionId": name}}


async def test_callers_at_once_share_requests(counting: Counting) -> None:
    commit = GroupCommit(counting)
    await asyncio.gather(*(commit.record([session(f"{number}")]) for number in range(50)))
    assert counting.requests < 5
    found = (await counting.query(SESSIONS))["sessions"]["nodes"]
    assert {each["sessionId"] for each in found} == {f"{number}" for number in range(50)}


async def test_a_refusal_is_its_own_callers_alone(client: SessiongraphClient) -> None:
    commit = GroupCommit(client)
    missing: BatchRecordInput = {"endSession": {"session": "missing"}}
    results = await asyncio.gather(
        commit.record([session("a")]),
        commit.record([session("gone"), missing]),
        commit.record([session("b")]),
        return_exceptions=True,
    )
    assert [type(each) for each in results] == [type(None), NotFound, type(None)]
    found = (await client.query(SESSIONS))["sessions"]["nodes"]
    assert {each["sessionId"] for each in found} == {"a", "b"}


async def test_a_caller_that_leaves_takes_nobody_with_it(client: SessiongraphClient) -> None:
    commit = GroupCommit(client)
    calls = [asyncio.create_task(commit.record([session(name)])) for name in "abc"]
    await asyncio.sleep(0)
    calls[1].cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(each) for each in results] == [type(None), asyncio.CancelledError, type(None)]


async def test_each_call_returns_after_its_commit(client: SessiongraphClient) -> None:
    commit = GroupCommit(client)

    async def record(name: str) -> bool:
        await commit.record([session(name)])
        document = "query ($session: ID!) { session(id: $session) { id } }"
        return (await client.query(document, session=name))["session"] is not None

    assert all(await asyncio.gather(*(record(f"{number}") for number in range(20))))


async def test_a_write_asks_nothing_first(counting: Counting) -> None:
    store = SessiongraphStore(counting)
    for number in range(3):
        await store.aput(("a",), "k", {"n": number})
    assert counting.requests == 3


async def test_writers_that_know_otherwise_write_nonetheless(
    client: SessiongraphClient,
) -> None:
    one, other = SessiongraphStore(client), SessiongraphStore(client)
    await one.aput(("a",), "k", {"n": 1})
    await other.aput(("a",), "k", {"n": 2})
    await other.adelete(("a",), "k")
    await one.aput(("a",), "k", {"n": 3})
    await other.abatch([PutOp(("a",), "k", {"n": 4}), PutOp(("a",), "l", {"n": 4})])
    await other.adelete(("a",), "l")
    await one.abatch([PutOp(("a",), name, {"n": 5}) for name in "klm"])
    found = await other.asearch(("a",))
    assert {each.key: each.value["n"] for each in found} == {"k": 5, "l": 5, "m": 5}
    await other.aclose()
