"""The rules of `graphql-transport-ws`, and what closes a socket.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio

import pytest

from tests.live_server import GraphQLSocket
from tests.server.http.toy_schema import ToyContext
from tests.server.toy_server import toy_server

INIT_TIMEOUT = 0.2


async def test_a_query_is_answered_and_completed() -> None:
    async with toy_server() as server, server.client() as client:
        assert client.socket.subprotocol == "graphql-transport-ws"
        await client.subscribe("a", "{ hello }")
        assert await client.receive() == {
            "type": "next",
            "id": "a",
            "payload": {"data": {"hello": "hello world"}},
        }
        assert await client.receive() == {"type": "complete", "id": "a"}


async def test_a_mutation_has_variables_and_an_operation_name() -> None:
    context = ToyContext()
    async with toy_server(context) as server, server.client() as client:
        document = "query A { hello } mutation B($t: String!) { write(input: {text: $t}) }"
        await client.subscribe("a", document, operationName="B", variables={"t": "x"})
        assert (await client.receive())["payload"] == {"data": {"write": "x"}}
        assert (await client.receive())["type"] == "complete"
    assert context.written == ["x"]


async def test_a_subscription_gives_its_events_in_order() -> None:
    async with toy_server() as server, server.client() as client:
        await client.subscribe("a", "subscription { things(to: 50) { name } }")
        for number in range(50):
            payload = {"data": {"things": {"name": f"thing {number}"}}}
            assert await client.receive() == {"type": "next", "id": "a", "payload": payload}
        assert await client.receive() == {"type": "complete", "id": "a"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ hello", "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("query ($n: Int!) { integer(value: $n) }", "BAD_USER_INPUT"),
        ("{ a: things(first: 200) { nodes { things(first: 200) { nodes { id } } } } }", "LIMITED"),
        ("subscription { breaks(atStart: true) { name } }", "INTERNAL"),
        ("{ unwritable }", "INTERNAL"),
    ],
)
async def test_what_is_not_executed_is_an_error_and_the_socket_lives(query: str, code: str) -> None:
    async with toy_server(max_cost=1000) as server, server.client() as client:
        await client.subscribe("a", query)
        message = await client.receive()
        assert (message["type"], message["id"]) == ("error", "a")
        (error,) = message["payload"]
        assert error["extensions"]["code"] == code
        assert error["extensions"]["requestId"]
        # no `complete` follows, and the id is free
        await client.subscribe("a", "{ hello }")
        assert (await client.receive())["type"] == "next"
        assert (await client.receive())["type"] == "complete"


async def test_a_failing_field_is_in_the_payload() -> None:
    async with toy_server() as server, server.client() as client:
        await client.subscribe("a", '{ fails(how: "conflict") hello }')
        payload = (await client.receive())["payload"]
        assert payload["data"] == {"fails": None, "hello": "hello world"}
        assert payload["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert (await client.receive())["type"] == "complete"


async def test_a_subscription_that_breaks_ends_with_an_error() -> None:
    async with toy_server() as server, server.client() as client:
        await client.subscribe("a", "subscription { breaks { name } }")
        first, last = await client.receive(), await client.receive()
        assert first["type"] == "next"
        assert first["payload"]["data"] == {"breaks": {"name": None}}
        assert last["type"] == "error"
        assert last["payload"][0]["message"] == "Internal error"


async def test_operations_run_side_by_side() -> None:
    context = ToyContext()
    async with toy_server(context) as server, server.client() as client:
        await client.subscribe("slow", "{ waits }")
        await client.subscribe("fast", "{ hello }")
        assert [(await client.receive())["id"] for _ in range(2)] == ["fast", "fast"]
        context.proceed.set()
        assert (await client.receive())["payload"] == {"data": {"waits": "done"}}


async def test_completing_a_subscription_closes_it() -> None:
    context = ToyContext()
    async with toy_server(context) as server, server.client() as client:
        await client.subscribe("a", "subscription { follow }")
        assert (await client.receive())["payload"] == {"data": {"follow": "started"}}
        await client.send(type="complete", id="a")
        await asyncio.wait_for(context.ended.wait(), 5)
        await client.subscribe("a", "{ hello }")
        assert (await client.receive())["payload"] == {"data": {"hello": "hello world"}}


async def test_completing_at_once_leaves_nothing_behind() -> None:
    async with toy_server(max_operations_per_connection=1) as server, server.client() as client:
        for _ in range(100):
            await client.subscribe("a", "subscription { ticks(to: 1000000) }")
            await client.send(type="complete", id="a")
        await client.send(type="ping")
        while (await client.receive())["type"] != "pong":
            pass
        await client.subscribe("b", "{ hello }")
        while (await client.receive())["id"] != "b":
            pass


async def test_operations_that_were_completed_do_not_count() -> None:
    async with toy_server(max_operations_per_connection=2) as server, server.client() as client:
        for _ in range(100):
            await client.subscribe("a", "subscription { ticks(to: 1000000) }")
            await client.send(type="complete", id="a")
        await client.subscribe("b", "{ hello }")
        while (message := await client.receive())["id"] != "b":
            assert message["type"] == "next"
        assert message["type"] == "next"


async def test_a_completed_mutation_runs_to_its_end_without_an_answer() -> None:
    context = ToyContext()
    async with toy_server(context) as server, server.client() as client:
        await client.subscribe("a", 'mutation { writeSlowly(text: "x") }')
        await asyncio.wait_for(context.started.wait(), 5)
        await client.send(type="complete", id="a")
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}
        context.proceed.set()
        await client.subscribe("a", "{ hello }")
        assert (await client.receive())["payload"] == {"data": {"hello": "hello world"}}
    assert context.written == ["x"]


async def test_a_mutation_outlives_its_socket() -> None:
    context = ToyContext()
    async with toy_server(context) as server:
        async with server.client() as client:
            await client.subscribe("a", 'mutation { writeSlowly(text: "x") }')
            await asyncio.wait_for(context.started.wait(), 5)
        context.proceed.set()
    assert context.written == ["x"]


async def test_leaving_closes_the_subscriptions() -> None:
    context = ToyContext()
    async with toy_server(context) as server:
        async with server.client() as client:
            await client.subscribe("a", "subscription { follow }")
            await client.receive()
        await asyncio.wait_for(context.ended.wait(), 5)


async def test_pings_are_answered_with_their_payload() -> None:
    async with toy_server() as server, server.connect() as socket:
        client = GraphQLSocket(socket)
        await client.send(type="ping")
        assert await client.receive() == {"type": "pong"}
        await client.send(type="pong", payload={"unasked": 1})
        await client.send(type="connection_init")
        assert await client.receive() == {"type": "connection_ack"}
        await client.send(type="ping", payload={"a": [1, None]})
        assert await client.receive() == {"type": "pong", "payload": {"a": [1, None]}}
        await client.send(type="complete", id="unknown")
        await client.send(type="ping", payload=None)
        assert await client.receive() == {"type": "pong"}


async def test_no_connection_init() -> None:
    async with (
        toy_server(connection_init_timeout_seconds=INIT_TIMEOUT) as server,
        server.connect() as socket,
    ):
        expected = (4408, "Connection initialisation timeout")
        assert await GraphQLSocket(socket).close_code() == expected


async def test_a_second_connection_init() -> None:
    async with toy_server() as server, server.client() as client:
        await client.send(type="connection_init")
        assert await client.close_code() == (4429, "Too many initialisation requests")


async def test_subscribing_before_the_acknowledgement() -> None:
    async with toy_server() as server, server.connect() as socket:
        client = GraphQLSocket(socket)
        await client.subscribe("a", "{ hello }")
        assert await client.close_code() == (4401, "Unauthorized")


@pytest.mark.parametrize("query", ["subscription { follow }", "{ waits }"])
async def test_an_id_in_use(query: str) -> None:
    async with toy_server(ToyContext()) as server, server.client() as client:
        await client.subscribe("a", query)
        await client.subscribe("a", "{ hello }")
        assert await client.close_code() == (4409, "Subscriber for a already exists")


@pytest.mark.parametrize("subprotocol", ["graphql-ws", "nonsense", None])
@pytest.mark.filterwarnings("ignore")
async def test_another_subprotocol(subprotocol: str | None) -> None:
    async with toy_server() as server, server.connect(subprotocol) as socket:
        assert socket.subprotocol is None
        assert await GraphQLSocket(socket).close_code() == (4406, "Subprotocol not acceptable")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"authorization": "no"}, 4403),
        ({"Authorization": "no"}, 4403),
        ({"headers": {"AUTHORIZATION": "no"}}, 4403),
        ({"authorization": "broken"}, 1013),
        ({"authorization": 1}, 4400),
    ],
)
async def test_a_refused_key(payload: dict[str, object], code: int) -> None:
    async with toy_server() as server, server.connect() as socket:
        client = GraphQLSocket(socket)
        await client.send(type="connection_init", payload=payload)
        given, reason = await client.close_code()
        assert given == code
        assert reason
        assert "/srv" not in reason


async def test_the_handshakes_key_counts_where_no_other_is_sent() -> None:
    async with toy_server() as server:
        async with server.connect(additional_headers={"Authorization": "no"}) as socket:
            client = GraphQLSocket(socket)
            await client.send(type="connection_init")
            assert (await client.close_code())[0] == 4403
        async with server.connect(additional_headers={"Authorization": "no"}) as socket:
            client = GraphQLSocket(socket)
            await client.send(type="connection_init", payload={"authorization": "yes"})
            assert await client.receive() == {"type": "connection_ack"}
