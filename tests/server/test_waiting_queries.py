"""Queries that wait, on a server as users start it: clients that go, a stop, other transports."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from sqlalchemy.engine import URL
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.factories import create_session, request_confirmation
from tests.graphql_client import GraphQLClient
from tests.schema.test_await_confirmation import AWAIT
from tests.server_process import READY_SECONDS, make_environment, serve

WAITING = 300
PENDING = {"awaitConfirmation": {"status": "PENDING", "reason": None, "toolCall": None}}


@pytest.fixture
async def served(
    database_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Any, str]]:
    """A server on loopback, for which no key is needed."""
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    environment = {
        **make_environment(tmp_path_factory.mktemp("waits")),
        "DATABASE_URL": url,
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_LOG_LEVEL": "ERROR",
    }
    with serve(environment) as served:
        yield served


def client_of(address: str) -> httpx2.AsyncClient:
    limits = httpx2.Limits(max_connections=2 * WAITING)
    return httpx2.AsyncClient(base_url=address, timeout=READY_SECONDS, limits=limits)


async def waiting(http: httpx2.AsyncClient, number: int) -> None:
    """Return when so many queries wait."""
    async with asyncio.timeout(READY_SECONDS):
        metrics = ""
        while f"sessiongraph_waits {number}.0" not in metrics:
            metrics = (await http.get("/metrics")).text


async def test_hundreds_wait_and_a_stop_answers_them(served: tuple[Any, str]) -> None:
    process, address = served
    async with client_of(address) as http:
        graphql = GraphQLClient(http)
        await create_session(graphql)
        asked = await request_confirmation(graphql, toolName="pay")
        asking = [
            asyncio.create_task(graphql.execute(AWAIT, id=asked["id"], seconds=50))
            for _ in range(WAITING)
        ]
        await waiting(http, WAITING)
        async with asyncio.timeout(10):  # nobody else is kept waiting
            await create_session(graphql, "other")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            answers = await asyncio.gather(*asking)
            assert await asyncio.to_thread(process.wait, READY_SECONDS) == 0
    for answer in answers:
        assert answer["awaitConfirmation"].pop("id") == asked["id"]
        assert answer == PENDING


async def test_who_goes_away_waits_no_longer(served: tuple[Any, str]) -> None:
    _, address = served
    async with client_of(address) as http:
        graphql = GraphQLClient(http)
        await create_session(graphql)
        asked = await request_confirmation(graphql, toolName="pay")
        body = {"query": AWAIT, "variables": {"id": asked["id"]}}
        accepts = ["application/json", "text/event-stream"]
        async with client_of(address) as leaving:
            leaves = [
                asyncio.create_task(leaving.post("/graphql", json=body, headers={"accept": each}))
                for each in accepts
            ]
            await waiting(http, len(accepts))
            for each in leaves:
                each.cancel()
            await asyncio.wait(leaves)
        await waiting(http, 0)


async def test_a_websocket_carries_other_operations_meanwhile(served: tuple[Any, str]) -> None:
    _, address = served
    async with client_of(address) as http:
        graphql = GraphQLClient(http)
        await create_session(graphql)
        asked = await request_confirmation(graphql, toolName="pay")
        async with connect(
            f"ws{address.removeprefix('http')}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            await socket.recv()
            payload = {"query": AWAIT, "variables": {"id": asked["id"]}}
            for number in range(30):
                message = {"id": str(number), "type": "subscribe", "payload": payload}
                await socket.send(json.dumps(message))
            await waiting(http, 30)
            other = {"id": "other", "type": "subscribe", "payload": {"query": "{ __typename }"}}
            await socket.send(json.dumps(other))
            async with asyncio.timeout(10):
                assert json.loads(await socket.recv())["id"] == "other"
                await socket.recv()
            decide = {"confirmation": asked["id"], "decision": "APPROVED"}
            await graphql.record("decideConfirmation", "replayed", **decide)
            async with asyncio.timeout(10):
                told = [json.loads(await socket.recv()) for _ in range(60)]
        answers = [each["payload"]["data"] for each in told if each["type"] == "next"]
        assert [each["awaitConfirmation"]["status"] for each in answers] == ["APPROVED"] * 30
