"""The client against a real server, also one that goes away meanwhile."""

import asyncio
from typing import Any

import pytest
from sessiongraph_client import (
    Conflict,
    InvalidInput,
    Limited,
    NotFound,
    RecordBuffer,
    SessiongraphClient,
    SessiongraphError,
    Unauthenticated,
    Unavailable,
)
from sessiongraph_client.schema_types import BatchRecordInput

from tests.conftest import Server, start

MESSAGES = """query ($session: ID!) {
  session(id: $session) { messages(first: 200) { totalCount nodes { content } } }
}"""


def said(session: str, content: str) -> BatchRecordInput:
    return {"recordMessage": {"session": session, "role": "USER", "content": content}}


async def read(client: SessiongraphClient, session: str) -> list[str]:
    data = await client.query(MESSAGES, session=session)
    return [node["content"] for node in data["session"]["messages"]["nodes"]]


async def test_records_are_there_once_they_are_answered(client: SessiongraphClient) -> None:
    results = await client.record([{"createSession": {"sessionId": "s"}}, said("s", "Hello")])
    assert [result["error"] for result in results] == [None, None]
    assert (results[0]["id"] or "").startswith("session_")
    assert await read(client, "s") == ["Hello"]


async def test_more_than_a_batch_is_recorded_in_order(client: SessiongraphClient) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    results = await client.record([said("s", f"{number}") for number in range(2345)])
    assert len({result["id"] for result in results}) == 2345
    assert await read(client, "s") == [f"{number}" for number in range(200)]


async def test_all_of_a_batch_is_recorded_or_none(client: SessiongraphClient) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    with pytest.raises(NotFound) as raised:
        await client.record([said("s", "first"), said("nowhere", "second")])
    assert (raised.value.code, raised.value.field) == (
        "NOT_FOUND",
        "records.1.recordMessage.session",
    )
    assert await read(client, "s") == []


async def test_of_a_partial_batch_what_can_be_is_recorded(client: SessiongraphClient) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    results = await client.record([said("nowhere", "first"), said("s", "second")], partial=True)
    assert [result["error"] and result["error"]["code"] for result in results] == [
        "NOT_FOUND",
        None,
    ]
    assert await read(client, "s") == ["second"]


async def test_a_batch_with_the_same_key_is_recorded_once(client: SessiongraphClient) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    batch = [said("s", "once")]
    first = await client.record_batch(batch, idempotency_key="k")
    assert await client.record_batch(batch, idempotency_key="k") == first
    assert await read(client, "s") == ["once"]


@pytest.mark.parametrize(
    ("record", "error"),
    [
        ({"createSession": {"sessionId": "s", "title": "another"}}, Conflict),
        ({"createSession": {"sessionId": ""}}, InvalidInput),
    ],
)
async def test_an_error_has_the_class_of_its_code(
    client: SessiongraphClient, record: BatchRecordInput, error: type[SessiongraphError]
) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    with pytest.raises(error):
        await client.record([record])


@pytest.mark.parametrize("size", [10_000_000, 18_000_000, 30_000_000])
async def test_a_request_that_is_too_large_is_refused_at_once(
    client: SessiongraphClient, size: int
) -> None:
    """Of one that is much too large the server does not wait for the end, and hangs up."""
    with pytest.raises(Limited, match="10,000,000") as raised:
        await asyncio.wait_for(client.record([said("s", "x" * size)]), 30)
    assert raised.value.code == "LIMITED"
    await client.record([{"createSession": {"sessionId": "s"}}])
    assert await read(client, "s") == []


async def test_a_key_that_is_not_good_is_told_at_once(server: Server) -> None:
    async with SessiongraphClient(server.url, api_key="sg_nothing") as client:
        with pytest.raises(Unauthenticated):
            await client.record([{"createSession": {}}])


async def test_a_key_of_another_project_reads_nothing(
    server: Server, client: SessiongraphClient
) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    async with SessiongraphClient(server.url, api_key=server.make_key()) as stranger:
        assert await stranger.query(MESSAGES, session="s") == {"session": None}


async def test_an_address_without_a_server_is_given_up() -> None:
    async with SessiongraphClient("http://127.0.0.1:9", retry_seconds=0.2) as client:
        with pytest.raises(Unavailable):
            await client.query("{ __typename }")


async def test_the_address_and_the_key_may_come_from_the_environment(
    server: Server, api_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSIONGRAPH_URL", f"{server.url}/graphql")
    monkeypatch.setenv("SESSIONGRAPH_API_KEY", api_key)
    async with SessiongraphClient() as client:
        await client.record([{"createSession": {"sessionId": "s"}}])
        assert await read(client, "s") == []


async def _record_while(client: SessiongraphClient, stopped: asyncio.Event) -> list[str]:
    """Record one message after another until told to stop; give those that were acknowledged."""
    acknowledged: list[str] = []
    while not stopped.is_set() or not acknowledged:
        content = f"{len(acknowledged)}"
        await client.record([said("s", content)])
        acknowledged.append(content)
    return acknowledged


async def _all_of(client: SessiongraphClient) -> list[str]:
    document = """query ($after: String) { session(id: "s") { messages(first: 200, after: $after) {
      nodes { content } pageInfo { hasNextPage endCursor } } } }"""
    found: list[str] = []
    page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        data = await client.query(document, after=page["endCursor"])
        connection = data["session"]["messages"]
        found += [node["content"] for node in connection["nodes"]]
        page = connection["pageInfo"]
    return found


async def test_a_restart_of_the_server_loses_and_doubles_nothing(
    own_server: Server,
) -> None:
    port = int(own_server.url.rpartition(":")[2])
    async with SessiongraphClient(own_server.url) as client, RecordBuffer(client) as buffer:
        await client.record([{"createSession": {"sessionId": "s"}}])
        await client.record([{"createSession": {"sessionId": "buffered"}}])
        stopped = asyncio.Event()
        recording = asyncio.create_task(_record_while(client, stopped))
        await buffer.put([said("buffered", f"{number}") for number in range(100)])
        await asyncio.to_thread(own_server.kill)
        await buffer.put([said("buffered", f"{number}") for number in range(100, 200)])
        own_server.process = start(own_server.environment, port).process
        stopped.set()
        acknowledged = await recording
        await buffer.flush()
        assert await _all_of(client) == acknowledged
        assert await read(client, "buffered") == [f"{number}" for number in range(200)]


async def test_a_client_of_another_key_has_only_that_project(
    client: SessiongraphClient, server: Server
) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}, said("s", "ours")])
    other = client.with_key(server.make_key())
    await other.record([{"createSession": {"sessionId": "s"}}, said("s", "theirs")])
    assert (await read(client, "s"), await read(other, "s")) == (["ours"], ["theirs"])
    with pytest.raises(Unauthenticated):
        await client.with_key("sg_nothing").record([said("s", "nobody's")])
    assert await read(client, "s") == ["ours"]
