"""Answers that are too large are refused; large ones are sent as fast as they are read."""

import asyncio
from typing import Any

import orjson
import pytest

from server.http.responses import PIECE_BYTES
from tests.server.http.hostile_requests import GOOD, GRAPHQL, JSON
from tests.server.http.toy_schema import ToyContext, toy_app, toy_client

LARGE = "x" * (3 * PIECE_BYTES)
QUERY = {"query": "query ($name: String!) { hello(name: $name) }", "variables": {"name": LARGE}}
ANSWER = orjson.dumps({"data": {"hello": f"hello {LARGE}"}})


@pytest.mark.parametrize("headers", [JSON, GRAPHQL])
async def test_a_too_large_answer_is_refused_and_the_next_request_answered(
    headers: dict[str, str],
) -> None:
    async with toy_client(max_response_bytes=len(ANSWER) - 1) as client:
        response = await client.post("/graphql", json=QUERY, headers=headers)
        assert response.status_code == 200
        assert response.json()["data"] is None
        (error,) = response.json()["errors"]
        assert f"at most {len(ANSWER) - 1:,} are allowed" in error["message"]
        del error["extensions"]["requestId"]
        assert error["extensions"] == {
            "code": "LIMITED",
            "limit": "bytes of the answer",
            "value": len(ANSWER),
            "allowed": len(ANSWER) - 1,
        }
        response = await client.post("/graphql", content=GOOD, headers=headers)
        assert response.json() == {"data": {"hello": "hello world"}}


async def test_an_answer_as_large_as_allowed_is_given() -> None:
    async with toy_client(max_response_bytes=len(ANSWER)) as client:
        response = await client.post("/graphql", json=QUERY, headers=JSON)
        assert response.content == ANSWER
        assert response.headers["content-length"] == str(len(ANSWER))


async def test_a_mutation_with_a_too_large_answer_is_done() -> None:
    context = ToyContext()
    mutation = {"query": f'mutation {{ write(input: {{text: "{"x" * 1000}"}}) }}'}
    async with toy_client(context, max_response_bytes=1000) as client:
        response = await client.post("/graphql", json=mutation, headers=JSON)
    (error,) = response.json()["errors"]
    assert "what a mutation wrote is written" in error["message"]
    assert context.written == ["x" * 1000]


async def _ask(sent: list[Any], *, reads: int, **settings: Any) -> None:
    """Ask for the large answer as a client that reads so many messages and then no more."""
    body = orjson.dumps(QUERY)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if len(sent) == reads:
            await asyncio.Event().wait()
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    await toy_app(**settings)(scope, receive, send)


async def test_a_large_answer_goes_in_pieces() -> None:
    sent: list[Any] = []
    await _ask(sent, reads=100)
    _start, *pieces = sent
    assert [len(piece["body"]) for piece in pieces[:-1]] == [PIECE_BYTES] * 3
    assert [piece.get("more_body", False) for piece in pieces] == [True] * 3 + [False]
    assert b"".join(piece["body"] for piece in pieces) == ANSWER


async def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    sent: list[Any] = []
    await _ask(sent, reads=2, send_timeout_seconds=0.05)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[-1]["more_body"]
