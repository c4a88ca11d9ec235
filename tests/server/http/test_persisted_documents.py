"""Requests that send the id of a stored document in the place of its text."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.app import create_app
from server.persisted_documents import store_documents
from server.settings import Settings
from tests.server.http.hostile_requests import GRAPHQL, JSON
from tests.server.http.test_web_pages import BROWSER

COUNT = "query Count { sessions { totalCount } }"
CREATE = 'mutation ($name: String!) { createAgent(input: {agentId: "a", name: $name}) { created } }'
UNKNOWN = "{ agents { totalCount } }"
FOUND = {"data": {"sessions": {"totalCount": 0}}}
RESPONSE = {"accept": "application/graphql-response+json"}


def _hash(document: str) -> str:
    return sha256(document.encode()).hexdigest()


def _by_id(document: str) -> dict[str, Any]:
    return {"documentId": f"sha256:{_hash(document)}"}


def _by_bare_id(document: str) -> dict[str, Any]:
    return {"documentId": _hash(document), "query": None, "extensions": {}}


def _by_hash(document: str) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": _hash(document)}}}


@pytest.fixture(autouse=True)
async def _stored(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await store_documents(connection, [COUNT, CREATE])


@asynccontextmanager
async def _client(engine: AsyncEngine, **settings: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(Settings(**{"insecure": True, **settings}), engine)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


def _error(response: httpx2.Response) -> dict[str, Any]:
    assert list(response.json()) == ["errors"]
    (error,) = response.json()["errors"]
    return {"message": error["message"], **error["extensions"]}


REFERENCES = pytest.mark.parametrize("refer", [_by_id, _by_bare_id, _by_hash])


@REFERENCES
@pytest.mark.parametrize("trusted_documents_only", [False, True])
async def test_a_stored_document_runs(
    engine: AsyncEngine, refer: Any, trusted_documents_only: bool
) -> None:
    async with _client(engine, trusted_documents_only=trusted_documents_only) as client:
        for headers in (JSON, GRAPHQL):
            request = {**refer(COUNT), "operationName": "Count"}
            response = await client.post("/graphql", json=request, headers=headers)
            assert (response.status_code, response.json()) == (200, FOUND)
        request = {**refer(CREATE), "variables": {"name": "A"}}
        response = await client.post("/graphql", json=request)
        assert response.json() == {"data": {"createAgent": {"created": True}}}


@REFERENCES
async def test_a_stored_document_runs_by_get(engine: AsyncEngine, refer: Any) -> None:
    def parameters(document: str) -> dict[str, str]:
        members = {name: value for name, value in refer(document).items() if value is not None}
        return {
            name: json.dumps(value) if isinstance(value, dict) else value
            for name, value in members.items()
        }

    async with _client(engine) as client:
        response = await client.get("/graphql", params=parameters(COUNT))
        assert response.json() == FOUND
        variables = {"variables": '{"name": "A"}'}
        response = await client.get("/graphql", params=parameters(CREATE) | variables)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")


@REFERENCES
async def test_a_text_with_its_hash_runs_and_is_not_stored(engine: AsyncEngine, refer: Any) -> None:
    async with _client(engine) as client:
        response = await client.post("/graphql", json={**refer(UNKNOWN), "query": UNKNOWN})
        assert response.json() == {"data": {"agents": {"totalCount": 0}}}
        assert _error(await client.post("/graphql", json=refer(UNKNOWN)))
        response = await client.post("/graphql", json={**refer(COUNT), "query": UNKNOWN})
        assert response.status_code == 400
        assert _error(response)["code"] == "BAD_USER_INPUT"


async def test_an_unknown_hash_is_answered_as_its_clients_know_it(engine: AsyncEngine) -> None:
    async with _client(engine) as client:
        for headers, status in ((JSON, 200), (GRAPHQL, 404)):
            response = await client.post("/graphql", json=_by_hash(UNKNOWN), headers=headers)
            assert response.status_code == status
            error = _error(response)
            assert error["message"] == "PersistedQueryNotFound"
            assert error["code"] == "PERSISTED_QUERY_NOT_FOUND"
        both = {**_by_id(UNKNOWN), **_by_hash(UNKNOWN)}
        error = _error(await client.post("/graphql", json=both))
        assert error["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def test_an_unknown_id_is_not_found(engine: AsyncEngine) -> None:
    async with _client(engine) as client:
        for headers, status in ((JSON, 200), (GRAPHQL, 404)):
            response = await client.post("/graphql", json=_by_id(UNKNOWN), headers=headers)
            assert response.status_code == status
            error = _error(response)
            assert (error["code"], error["field"]) == ("NOT_FOUND", "documentId")
            assert "sessiongraph persist" in error["message"]


async def test_a_document_is_looked_up_once_and_an_unknown_one_each_time(
    engine: AsyncEngine,
) -> None:
    lookups: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT persisted_documents"):
            lookups.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", listen)
    async with _client(engine) as client:
        for _ in range(3):
            response = await client.post("/graphql", json=_by_id(COUNT))
            assert response.json() == FOUND
        assert len(lookups) == 1
        await client.post("/graphql", json={"query": COUNT})
        assert len(lookups) == 1
        await client.post("/graphql", json=_by_hash(UNKNOWN))
        async with engine.begin() as connection:
            await store_documents(connection, [UNKNOWN])
        response = await client.post("/graphql", json=_by_hash(UNKNOWN))
        assert "data" in response.json()
        assert len(lookups) == 3


@pytest.mark.parametrize("allowed", [1, 0])
async def test_as_many_documents_are_kept_as_fit(engine: AsyncEngine, allowed: int) -> None:
    size = len(COUNT) if allowed else len(COUNT) - 1
    async with _client(engine, document_cache_characters=size) as client:
        for _ in range(2):
            assert (await client.post("/graphql", json=_by_id(COUNT))).json() == FOUND
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM persisted_documents"))
        response = await client.post("/graphql", json=_by_id(COUNT))
        assert ("data" in response.json()) is bool(allowed)


async def test_a_text_that_is_not_stored_is_refused_where_only_stored_ones_are_trusted(
    engine: AsyncEngine,
) -> None:
    async with _client(engine, trusted_documents_only=True) as client:
        for query in (UNKNOWN, "{", "{ __schema { description } }", COUNT + " "):
            for headers, status in ((JSON, 200), (GRAPHQL, 403)):
                response = await client.post("/graphql", json={"query": query}, headers=headers)
                assert response.status_code == status
                assert _error(response)["code"] == "FORBIDDEN"
                assert "sessiongraph persist" in _error(response)["message"]
        response = await client.get("/graphql", params={"query": UNKNOWN}, headers=RESPONSE)
        assert response.status_code == 403
        # what Apollo's client does next
        request = {**_by_hash(UNKNOWN), "query": UNKNOWN}
        assert _error(await client.post("/graphql", json=request))["code"] == "FORBIDDEN"
        assert (await client.post("/graphql", json={"query": COUNT})).json() == FOUND


async def test_no_page_is_served_where_all_that_it_sends_would_be_refused(
    engine: AsyncEngine,
) -> None:
    async with _client(engine, trusted_documents_only=True, introspection=True) as client:
        response = await client.get("/graphql", headers=BROWSER)
        assert response.headers["content-type"].startswith("application/json")
        assert (await client.get("/", headers=BROWSER)).status_code == 404


@pytest.mark.parametrize("introspection", [True, False])
async def test_a_stored_introspection_is_answered_where_introspection_is(
    engine: AsyncEngine, introspection: bool
) -> None:
    document = "{ __schema { queryType { name } } }"
    async with engine.begin() as connection:
        await store_documents(connection, [document])
    settings = {"trusted_documents_only": True, "introspection": introspection}
    async with _client(engine, **settings) as client:
        response = await client.post("/graphql", json=_by_id(document))
        assert ("data" in response.json()) is introspection


async def test_a_key_is_asked_for_before_a_document_is_looked_for(engine: AsyncEngine) -> None:
    async with _client(engine, insecure=False, database_url="postgresql://set") as client:
        for document in (COUNT, UNKNOWN):
            response = await client.post("/graphql", json=_by_id(document))
            assert response.status_code == 401


async def test_a_lookup_that_fails_is_masked(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE persisted_documents RENAME TO moved"))
    async with _client(engine) as client:
        response = await client.post("/graphql", json=_by_id(COUNT))
        assert response.status_code == 500
        assert _error(response)["message"] == "Internal error"
        assert (await client.post("/graphql", json={"query": COUNT})).json() == FOUND
