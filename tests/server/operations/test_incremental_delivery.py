"""`@defer` and `@stream` are not offered, and a document with them is refused (decision 0018)."""

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import http_client
from tests.graphql_client import GraphQLClient

ACCEPTED = {
    "Apollo Client": "multipart/mixed;incrementalSpec=v0.2,application/graphql-response+json,"
    "application/json;q=0.9",
    "Apollo Client, format of 2022": "multipart/mixed;deferSpec=20220824,"
    "application/graphql-response+json,application/json;q=0.9",
    "urql": "application/graphql-response+json, application/graphql+json, application/json, "
    "text/event-stream, multipart/mixed",
    "GraphiQL": "application/json, multipart/mixed",
}
DOCUMENTS = [
    ("{ sessions { nodes { id ... @defer { title } } } }", "defer"),
    ("{ sessions { nodes { id ...S @defer(if: false) } } } fragment S on Session { id }", "defer"),
    ("{ sessions { nodes @stream(initialCount: 10) { id } } }", "stream"),
    ("mutation { createSession(input: {}) { ... @defer { created } } }", "defer"),
]


async def _send(http: httpx2.AsyncClient, document: str, accept: str) -> httpx2.Response:
    return await http.post("/graphql", json={"query": document}, headers={"accept": accept})


@pytest.mark.parametrize("plans_queries", [True, False])
@pytest.mark.parametrize("client", ACCEPTED)
async def test_a_client_is_told_that_the_directive_is_unknown(
    engine: AsyncEngine, client: str, plans_queries: bool
) -> None:
    async with http_client(engine, plans_queries=plans_queries) as http:
        for document, directive in DOCUMENTS:
            response = await _send(http, document, ACCEPTED[client])
            answer = response.json()
            assert "data" not in answer
            (error,) = answer["errors"]
            assert error["message"] == f"Unknown directive '@{directive}'."
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
            assert error["locations"]
        response = await _send(http, "{ sessions { totalCount } }", ACCEPTED[client])
        assert response.json() == {"data": {"sessions": {"totalCount": 0}}}  # nothing was written


async def test_the_schema_has_neither(graphql: GraphQLClient) -> None:
    told = await graphql.execute("{ __schema { directives { name } } }")
    names = {directive["name"] for directive in told["__schema"]["directives"]}
    assert "include" in names
    assert names.isdisjoint({"defer", "stream"})
