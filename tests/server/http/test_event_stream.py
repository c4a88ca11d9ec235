"""GraphQL over Server-Sent Events, "distinct connections mode".

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from server.http.media_types import negotiate
from tests.live_server import LiveServer
from tests.sent_events import ACCEPT, read_events
from tests.server.http.hostile_requests import HOSTILE
from tests.server.http.toy_schema import REVOKED, ToyContext, toy_client
from tests.server.toy_server import toy_server


@asynccontextmanager
async def _ask(
    server: LiveServer, query: str, *, method: str = "POST", **headers: str
) -> AsyncIterator[httpx2.Response]:
    url = f"http://127.0.0.1:{server.port}/graphql"
    sent: dict[str, Any] = {"json": {"query": query}}
    if method == "GET":
        sent = {"params": {"query": query}}
    async with (
        httpx2.AsyncClient(timeout=20) as http,
        http.stream(method, url, headers={**ACCEPT, **headers}, **sent) as response,
    ):
        yield response


async def _all(server: LiveServer, query: str, **options: str) -> list[tuple[str, Any]]:
    async with _ask(server, query, **options) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        return [event async for event in read_events(response.aiter_bytes()) if event[0] != ":"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_queries_and_subscriptions(method: str) -> None:
    async with toy_server() as server:
        assert await _all(server, "{ hello }", method=method) == [
            ("next", {"data": {"hello": "hello world"}}),
            ("complete", None),
        ]
        assert await _all(server, "subscription { ticks(to: 2) }", method=method) == [
            ("next", {"data": {"ticks": 1}}),
            ("next", {"data": {"ticks": 2}}),
            ("complete", None),
        ]


async def test_a_mutation() -> None:
    context = ToyContext()
    mutation = 'mutation { write(input: {text: "a"}) }'
    async with toy_server(context) as server:
        async with _ask(server, mutation, method="GET") as response:
            assert response.status_code == 405
            assert not context.written
        assert (await _all(server, mutation))[0] == ("next", {"data": {"write": "a"}})
    assert context.written == ["a"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ hello", "BAD_USER_INPUT"),
        ("{ nothing }", "BAD_USER_INPUT"),
        ("query ($n: Int!) { integer(value: $n) }", "BAD_USER_INPUT"),
        ("subscription { breaks(atStart: true) { name } }", "INTERNAL"),
        ("{ unwritable }", "INTERNAL"),
    ],
)
async def test_errors_come_asread_events(query: str, code: str) -> None:
    async with toy_server() as server:
        (name, answer), last = await _all(server, query)
        assert (name, last) == ("next", ("complete", None))
        assert answer["errors"][0]["extensions"]["code"] == code


async def test_a_subscription_that_breaks_ends_with_an_error() -> None:
    async with toy_server() as server:
        first, second, last = await _all(server, "subscription { breaks { name } }")
    assert first[1]["data"] == {"breaks": {"name": None}}
    assert second[1]["errors"][0]["message"] == "Internal error"
    assert last == ("complete", None)


async def test_lines_of_stored_json_stay_one_event() -> None:
    async with toy_server(ToyContext()) as server:
        query = '{ hello(name: "a\\nb\\r") raw(value: "x\\u2028y") }'
        expected = {"hello": "hello a\nb\r", "raw": "x\u2028y"}
        assert (await _all(server, query))[0] == ("next", {"data": expected})
        (_, answer), _ = await _all(server, "{ lines }")
        assert answer == {"data": {"lines": {"a": 1}}}


async def test_a_refused_request_is_no_stream() -> None:
    async with toy_server() as server:
        async with _ask(server, "{ hello }", authorization="no") as response:
            assert response.status_code == 401
            assert response.headers["content-type"].startswith("application/json")
        url = f"http://127.0.0.1:{server.port}/graphql"
        async with httpx2.AsyncClient() as http:
            form = await http.post(url, data={"query": "{ hello }"}, headers=ACCEPT)
            body = await http.post(url, json=[], headers=ACCEPT)
        assert (form.status_code, body.status_code) == (415, 400)


async def test_hostile_requests_that_want_a_stream() -> None:
    async with toy_client(introspection=False) as http:
        for bad in HOSTILE:
            headers = {**bad.headers, **ACCEPT}
            url = f"/graphql{bad.query}"
            response = await http.request(bad.method, url, content=bad.body, headers=headers)
            assert response.status_code < 500, bad.name
            assert "Traceback" not in response.text
            if response.status_code == 200:
                assert response.text.endswith("event: complete\ndata: \n\n"), bad.name


async def test_leaving_closes_a_subscription() -> None:
    context = ToyContext()
    async with toy_server(context) as server:
        async with _ask(server, "subscription { follow }") as response:
            async for name, _ in read_events(response.aiter_bytes()):
                if name == "next":
                    break
        await asyncio.wait_for(context.ended.wait(), 5)


async def test_a_mutation_outlives_its_client() -> None:
    context = ToyContext()
    async with toy_server(context) as server:
        async with _ask(server, 'mutation { writeSlowly(text: "a") }'):
            await asyncio.wait_for(context.started.wait(), 5)
        context.proceed.set()
    assert context.written == ["a"]


async def test_comments_keep_a_quiet_stream_alive() -> None:
    async with (
        toy_server(ToyContext(), keepalive_seconds=0.05) as server,
        _ask(server, "subscription { follow }") as response,
    ):
        names = []
        async for name, _ in read_events(response.aiter_bytes()):
            names.append(name)
            if names[-3:] == [":"] * 3:
                break
    assert "next" in names


@pytest.mark.parametrize("end", ["stop", "revoked"])
async def test_a_stream_that_the_server_ends_is_not_complete(end: str) -> None:
    context = ToyContext()
    async with (
        toy_server(context, check_seconds=0.05) as server,
        _ask(server, "subscription { follow }", authorization="event stream") as response,
    ):
        names = []
        async for name, _ in read_events(response.aiter_bytes()):
            names.append(name)
            if name == "next" and end == "stop":
                server.streams.stop()
            elif name == "next":
                REVOKED.add("event stream")
        assert names[-1] == "next"
        assert context.ended.is_set()


async def test_too_many_streams() -> None:
    async with (
        toy_server(ToyContext(), max_connections_per_key=1) as server,
        _ask(server, "subscription { follow }", authorization="a"),
    ):
        async with _ask(server, "{ hello }", authorization="a") as refused:
            assert refused.status_code == 429
            assert refused.headers["retry-after"]
        async with _ask(server, "{ hello }", authorization="b") as let_in:
            assert let_in.status_code == 200


async def test_a_subscription_needs_a_stream() -> None:
    async with toy_server() as server, httpx2.AsyncClient() as http:
        url = f"http://127.0.0.1:{server.port}/graphql"
        response = await http.post(url, json={"query": "subscription { ticks }"})
    assert "text/event-stream" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (b"text/event-stream", "text/event-stream"),
        (b"text/event-stream, multipart/mixed", "text/event-stream"),
        (b"application/json;q=0.5, text/event-stream", "text/event-stream"),
        (b"application/json, text/event-stream", "application/json"),
        (b"*/*", "application/json"),
        (b"text/*", "text/event-stream"),
    ],
)
def test_who_gets_a_stream(accept: bytes, expected: str) -> None:
    assert negotiate(accept, event_stream=True) == expected
