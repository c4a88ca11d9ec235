import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest

from tests.server.http.hostile_requests import GOOD, JSON
from tests.server.http.toy_schema import ToyContext, toy_app, toy_client

HELLO = {"data": {"hello": "hello world"}}


def _scope(**given: Any) -> dict[str, Any]:
    headers = given.pop("headers", JSON)
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        **given,
    }


async def _call(messages: list[dict[str, Any]], **settings: Any) -> list[Any]:
    """Give the application these messages, and silence after them."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    await toy_app(**settings)(_scope(), receive, send)
    return sent


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "APPLICATION/JSON",
        "application/json;charset=utf-8",
        "application/json ; charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;",
    ],
)
async def test_json_is_read_however_its_type_is_spelled(content_type: str) -> None:
    async with toy_client() as client:
        response = await client.post(
            "/graphql", content=GOOD, headers={"content-type": content_type}
        )
        assert response.json() == HELLO


async def test_a_body_in_pieces_is_one() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for byte in GOOD:
            yield bytes([byte])

    async with toy_client() as client:
        response = await client.post("/graphql", content=pieces(), headers=JSON)
        assert response.json() == HELLO


async def test_a_streamed_body_is_cut_off_where_it_gets_too_large() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1000
            yield b" " * 1000

    transport = httpx2.ASGITransport(app=toy_app(max_body_bytes=10_000))
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
        response = await client.post("/graphql", content=endless(), headers=JSON)
    assert response.status_code == 413
    assert read <= 12_000


async def test_a_body_as_large_as_allowed_passes() -> None:
    async with toy_client(max_body_bytes=len(GOOD)) as client:
        assert (await client.post("/graphql", content=GOOD, headers=JSON)).json() == HELLO


async def test_a_body_that_does_not_end_is_refused_in_time() -> None:
    unfinished = {"type": "http.request", "body": GOOD, "more_body": True}
    start, body = await _call([unfinished], body_timeout_seconds=0.01)
    assert start["status"] == 408
    error = orjson.loads(body["body"])["errors"][0]
    assert error["extensions"]["code"] == "LIMITED"


async def test_a_client_that_leaves_early_gets_no_answer() -> None:
    unfinished = {"type": "http.request", "body": GOOD, "more_body": True}
    assert await _call([unfinished, {"type": "http.disconnect"}]) == []


async def test_refused_methods_name_the_allowed_ones() -> None:
    async with toy_client() as client:
        response = await client.put("/graphql", content=GOOD, headers=JSON)
        assert response.headers["allow"] == "GET, POST"


async def test_a_request_id_is_kept_if_it_is_sane_and_made_if_not() -> None:
    async with toy_client() as client:
        for given, kept in (("trace-1:a/b+c=", True), ("a b", False), ("x" * 129, False)):
            response = await client.post(
                "/graphql", content=b"{}", headers={**JSON, "x-request-id": given}
            )
            request_id = response.headers["x-request-id"]
            assert (request_id == given) is kept
            assert response.json()["errors"][0]["extensions"]["requestId"] == request_id


async def test_every_answer_has_the_security_headers() -> None:
    async with toy_client() as client:
        for response in (
            await client.post("/graphql", content=GOOD, headers=JSON),
            await client.get("/graphql", headers={"accept": "text/html"}),
            await client.delete("/graphql"),
            await client.get("/nowhere"),
        ):
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_a_mutation_runs_to_its_end_when_its_client_leaves() -> None:
    context = ToyContext()
    body = orjson.dumps({"query": 'mutation { writeSlowly(text: "a") }'})
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(_message: Any) -> None:
        """Nobody listens."""

    call = asyncio.ensure_future(toy_app(context)(_scope(), receive, send))
    await context.started.wait()
    context.proceed.set()
    await call
    assert context.written == ["a"]
