"""Who may open a socket, how many, and how sockets end."""

import asyncio
import re

import pytest
from websockets.asyncio.client import connect as websockets_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from resolvers.errors import Unavailable
from server.open_streams import OpenStreams
from server.settings import Settings
from server.websocket.origins import is_allowed_origin
from tests.live_server import GraphQLSocket
from tests.server.http.toy_schema import REVOKED, ToyContext
from tests.server.toy_server import toy_server
from tests.waiting import IN_TIME, until

INIT_TIMEOUT = 0.2


async def test_a_revoked_key_is_shown_out() -> None:
    async with (
        toy_server(check_seconds=0.05) as server,
        server.client(authorization="revoked soon") as client,
    ):
        await client.subscribe("a", "subscription { ticks(to: 1) }")
        assert (await client.receive())["type"] == "next"
        REVOKED.add("revoked soon")
        assert await client.close_code() == (4403, "The key is no longer valid")


async def test_an_idle_connection_is_closed_and_one_with_a_subscription_is_not() -> None:
    async with (
        toy_server(ToyContext(), idle_timeout_seconds=0.3) as server,
        server.client() as busy,
        server.client() as idle,
    ):
        await busy.subscribe("a", "subscription { follow }")
        await busy.receive()
        assert await idle.close_code() == (1001, "Idle")
        await busy.send(type="ping")
        assert await busy.receive() == {"type": "pong"}


async def test_too_many_connections_of_a_key() -> None:
    async with toy_server(max_connections_per_key=2) as server:
        async with (
            server.client(authorization="a"),
            server.client(authorization="a"),
            server.client(authorization="b"),
            server.connect() as socket,
        ):
            client = GraphQLSocket(socket)
            await client.send(type="connection_init", payload={"authorization": "a"})
            code, reason = await client.close_code()
            assert code == 1013
            assert "streams of a key" in reason
        async with server.client(authorization="a"):
            pass


async def test_too_many_connections_of_all() -> None:
    async with toy_server(max_connections=2) as server, server.client():
        with pytest.raises(InvalidStatus) as refused:
            await server.connect()
        assert refused.value.response.status_code == 429
        assert b"LIMITED" in refused.value.response.body


async def test_too_many_operations_of_a_connection() -> None:
    context = ToyContext()
    async with (
        toy_server(context, max_operations_per_connection=2) as server,
        server.client() as client,
    ):
        for message_id in "abc":
            await client.subscribe(message_id, "{ waits }")
        refused = await client.receive()
        assert (refused["type"], refused["id"]) == ("error", "c")
        assert refused["payload"][0]["extensions"]["code"] == "LIMITED"
        context.proceed.set()
        assert {(await client.receive())["id"] for _ in range(4)} == {"a", "b"}


@pytest.mark.parametrize(
    ("origin", "is_let_in"),
    [
        ("http://127.0.0.1:{port}", True),
        ("https://dashboard.example", True),
        ("https://a.b", False),
    ],
)
async def test_origins(origin: str, is_let_in: bool) -> None:
    async with toy_server(allowed_origins=["https://dashboard.example"]) as server:
        connecting = server.connect(origin=origin.format(port=server.port))
        if is_let_in:
            await (await connecting).close()
        else:
            with pytest.raises(InvalidStatus) as refused:
                await connecting
            assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "expected"),
    [
        (None, "a", "ws", True),
        ("http://a", "a", "ws", True),
        ("https://a", "a", "ws", True),
        ("HTTPS://A:444", "a:444", "wss", True),
        ("http://a", "a", "wss", False),
        ("http://a:1", "a", "ws", False),
        ("http://a", "a:1", "ws", False),
        ("http://b", "a", "ws", False),
        ("http://a.b", "a", "ws", False),
        ("http://a/", "a", "ws", False),
        ("http://u@a", "a", "ws", False),
        ("ftp://a", "a", "ws", False),
        ("null", "a", "ws", False),
        ("http://", "", "ws", False),
        ("http://[", "a", "ws", False),
        ("", "a", "ws", False),
        ("http://a, http://b", "a", "ws", False),
    ],
)
def test_which_origins(origin: str | None, host: str, scheme: str, expected: bool) -> None:
    headers = {b"host": host.encode()}
    if origin is not None:
        headers[b"origin"] = origin.encode()
    assert is_allowed_origin(headers, scheme, []) is expected


async def test_another_path_has_no_websocket() -> None:
    async with toy_server() as server:
        connecting = websockets_connect(f"ws://127.0.0.1:{server.port}/other", proxy=None)
        with pytest.raises(InvalidStatus) as refused:
            await connecting
    assert refused.value.response.status_code == 403


async def test_a_stop_ends_mutations_first_and_then_the_socket() -> None:
    context = ToyContext()
    async with toy_server(context) as server, server.client() as client, server.client() as idle:
        await client.subscribe("a", "subscription { follow }")
        await client.receive()
        context.started.clear()
        await client.subscribe("b", 'mutation { writeSlowly(text: "x") }')
        await asyncio.wait_for(context.started.wait(), 5)
        server.streams.stop()
        assert await idle.close_code() == (1012, "The server restarts")
        assert context.ended.is_set()
        with pytest.raises(InvalidStatus) as refused:
            await server.connect()
        assert refused.value.response.status_code == 503
        context.proceed.set()
        assert (await client.receive())["payload"] == {"data": {"writeSlowly": "x"}}
        assert (await client.receive())["type"] == "complete"
        assert await client.close_code() == (1012, "The server restarts")


async def test_a_stop_begins_no_subscription() -> None:
    context = ToyContext()
    async with (
        toy_server(context, max_concurrent_operations_per_key=1) as server,
        server.client(authorization="a") as client,
        asyncio.timeout(IN_TIME),
    ):
        await client.subscribe("a", "{ waits }")
        await context.started.wait()
        await client.subscribe("b", "subscription { flood(size: 1) }")
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}
        server.streams.stop()
        context.proceed.set()
        assert [(await client.receive())["id"] for _ in range(2)] == ["a", "a"]
        assert await client.close_code() == (1012, "The server restarts")


async def test_a_stop_does_not_wait_for_who_does_not_read() -> None:
    async with toy_server() as server, server.client() as client:
        await client.subscribe("a", "subscription { flood(size: 100000) }")
        await client.receive()
        client.socket.transport.pause_reading()
        await until(lambda: server.unread_bytes > 2**16)  # of which nothing more is added
        server.streams.stop()
        async with asyncio.timeout(Settings().send_timeout_seconds / 2):
            await until(lambda: not server.streams.number)
        client.socket.transport.resume_reading()
        assert await client.close_code() == (1012, "The server restarts")


async def test_pings_of_the_server_find_lost_clients() -> None:
    async with (
        toy_server(ToyContext(), keepalive_seconds=0.1, send_timeout_seconds=0.2) as server,
        server.client() as client,
    ):
        await asyncio.sleep(0.5)  # which answers its pings
        client.socket.transport.pause_reading()
        async with asyncio.timeout(20):
            while server.streams.number:  # noqa: ASYNC110  nothing tells of it
                await asyncio.sleep(0.05)
        client.socket.transport.resume_reading()
        assert await client.close_code() == (1013, "No answer to a ping; connect again")


def test_streams_are_counted() -> None:
    streams = OpenStreams(Settings())
    stopped: list[bool] = []
    with streams.open(lambda: stopped.append(True)):
        assert streams.number == 1
        streams.stop()
        with pytest.raises(Unavailable, match=re.escape("try again")), streams.open(lambda: None):
            pass
    assert stopped == [True]
    assert streams.number == 0


async def test_a_closed_socket_is_closed_for_the_client() -> None:
    async with toy_server() as server, server.client() as client:
        await client.socket.close(1000)
        with pytest.raises(ConnectionClosed):
            await client.receive()
        assert client.socket.close_code == 1000
