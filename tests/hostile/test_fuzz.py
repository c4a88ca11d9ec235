"""Valid requests that hypothesis damages: their bytes, their variables, their headers."""

import asyncio
from typing import Any

import httpx2
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.graphql_client import GraphQLClient
from tests.hostile.hostile_server import HostileServer, make_key
from tests.hostile.odd_values import JSON_VALUES, check_survived, damaged, examples
from tests.hostile.raw_connection import exchange
from tests.hostile.request_bytes import write_get, write_request
from tests.mutation_inputs import (
    INPUT_TYPES,
    MutationInput,
    input_fields,
    mutation_inputs,
    with_value,
)

_PAGE = """query Page($first: Int, $after: String, $filter: SessionFilter, $order: SessionOrder) {
  sessions(first: $first, after: $after, filter: $filter, orderBy: $order) {
    totalCount pageInfo { endCursor hasNextPage }
    nodes { id ...S messages(last: 3) { nodes { content @skip(if: true) id } } }
  }
  node(id: "session_01h455vb4pex5vsknk084sn02q") { ... on Session { title } }
}
fragment S on Session { sessionId metadata startedAt costUsd }"""
_VARIABLES = {
    "first": 3,
    "after": None,
    "filter": {
        "and": [{"title": {"contains": "a"}}, {"or": [{"depth": {"gte": 0, "in": [0, 1]}}]}],
        "startedAt": {"gt": "2026-01-01T00:00:00Z"},
        "costUsd": {"lt": "1.5"},
        "metadata": {"contains": {"a": [1]}},
        "not": {"status": {"eq": "FAILED"}},
    },
    "order": {"field": "STARTED_AT", "direction": "DESC"},
}
_BODIES = [
    orjson.dumps({"query": _PAGE, "variables": _VARIABLES, "operationName": "Page"}),
    orjson.dumps({"query": "{ agents { nodes { id name } } }", "extensions": {"cost": True}}),
    orjson.dumps({"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}),
]
_QUERY_STRINGS = [
    b"query=query(%24f:Int)%7Bsessions(first:%24f)%7Bnodes%7Bid%7D%7D%7D&variables=%7B%22f%22:1%7D",
    b"query=%7B__typename%7D&operationName=&extensions=%7B%22cost%22:true%7D",
    b"documentId=sha256:" + b"0" * 64,
]
_HEADERS = [
    *(b"accept", b"accept-encoding", b"authorization", b"connection", b"content-encoding"),
    *(b"content-length", b"content-type", b"cookie", b"expect", b"forwarded", b"host", b"range"),
    *(b"te", b"trailer", b"transfer-encoding", b"upgrade", b"via", b"x-forwarded-for"),
    *(b"x-request-id", b"traceparent", b"origin", b"sec-websocket-key", b"http2-settings"),
]
_HEADER_VALUES = [
    *(b"application/json; charset=utf-8", b"Bearer sg_0123456789ab_secret", b"close, upgrade"),
    *(b"chunked", b"gzip;q=0.5, *;q=0", b"127.0.0.1:8000", b"100-continue", b"websocket", b"27"),
    b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
]
_END = {"deleteSession", "deleteSessionMessages", "endSession"}
"""After one of these the inputs of the others would find nothing."""


@given(body=damaged(_BODIES))
@examples(300)
def test_damaged_bodies(server: HostileServer, body: bytes) -> None:
    request = write_request(server.places["key"], body)
    check_survived(server, exchange(server.port, request))


@given(query_string=damaged(_QUERY_STRINGS))
@examples(200)
def test_damaged_query_strings(server: HostileServer, query_string: bytes) -> None:
    request = write_get(server.places["key"], query_string)
    check_survived(server, exchange(server.port, request))


@given(name=st.sampled_from(_HEADERS), value=damaged(_HEADER_VALUES))
@examples(200)
def test_damaged_headers(server: HostileServer, name: bytes, value: bytes) -> None:
    body = b'{"query": "{ __typename }"}'
    request = write_request(server.places["key"], body, [name + b": " + value])
    # closed after it, so that a request whose body seems to be longer is not waited for
    check_survived(server, exchange(server.port, request + b" " * 2_000))


@given(place=st.sampled_from(sorted(_VARIABLES)), value=JSON_VALUES)
@examples(200)
def test_odd_variables(server: HostileServer, place: str, value: Any) -> None:
    members = {"query": _PAGE, "variables": {**_VARIABLES, place: value}}
    request = write_request(server.places["key"], members)
    check_survived(server, exchange(server.port, request))


@pytest.fixture(scope="module")
def inputs(server: HostileServer) -> tuple[str, dict[str, MutationInput]]:
    """A key of a project of its own, and an input for each mutation there."""
    key = asyncio.run(make_key(server.url, "inputs"))

    async def make() -> dict[str, MutationInput]:
        async with httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}",
            headers={"authorization": f"Bearer {key}"},
        ) as http:
            return await mutation_inputs(GraphQLClient(http))

    return key, asyncio.run(make())


@given(data=st.data())
@examples(400)
def test_odd_values_in_inputs(
    server: HostileServer, inputs: tuple[str, dict[str, MutationInput]], data: st.DataObject
) -> None:
    key, values = inputs
    mutation = data.draw(st.sampled_from(sorted(INPUT_TYPES.keys() - _END)))
    paths = [path for path, _ in input_fields(INPUT_TYPES[mutation])]
    path = data.draw(st.sampled_from(paths))
    length = data.draw(st.integers(1, len(path)))
    changed = with_value(values[mutation].values, path[:length], data.draw(JSON_VALUES))
    document = (
        f"mutation ($input: {INPUT_TYPES[mutation].name}!) "
        f"{{ {mutation}(input: $input) {{ {values[mutation].selection} }} }}"
    )
    request = write_request(key, {"query": document, "variables": {"input": changed}})
    check_survived(server, exchange(server.port, request))
