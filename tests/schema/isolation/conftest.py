"""Two projects with twin data, filled once; and the same store without the second project.

What a client of the first project is answered must not depend on the second. So each request is
sent to both stores, and both must give the same: then an id of the second project does what an id
does that exists nowhere.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base, Scope
from resolvers.identifiers import PREFIXES, encode
from schema.fields import NODE_TYPES
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.app import create_app
from server.database import create_engine
from server.settings import Settings
from tests.comparable_answers import comparable_answer
from tests.conftest import new_name, run
from tests.graphql_client import GraphQLClient, Reply
from tests.invariants import digest_rows
from tests.project_conditions import check_statements
from tests.statements import recorded_statements
from tests.twin_projects import MINE, THEIRS, fill_project


@dataclass(frozen=True)
class TwinStores:
    """The store of both projects, and its copy without the second one."""

    both: URL
    alone: URL
    my_key: str
    their_key: str
    my_ids: dict[str, list[str]]
    """The ids of the first project's rows by type, in the order in which they were made."""
    their_ids: dict[str, list[str]]
    """Those of the second, in the same order."""


@pytest.fixture(scope="package")
def twin_stores(server_url: URL, template: str) -> Iterator[TwinStores]:
    """Two projects with twin data, made once for all tests that write nothing."""
    both, alone = new_name("test"), new_name("test")
    yield asyncio.run(_make(server_url, template, both, alone))
    for name in (both, alone):
        asyncio.run(run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _make(server: URL, template: str, both: str, alone: str) -> TwinStores:
    await run(server, f"CREATE DATABASE {both} TEMPLATE {template} STRATEGY FILE_COPY")
    engine = create_engine(Settings(), server.set(database=both))
    keys: list[str] = []
    ids: list[dict[str, list[str]]] = []
    for name, marks in (("mine", MINE), ("theirs", THEIRS)):
        async with engine.begin() as connection:
            await create_project(connection, name)
            keys.append(await create_key(connection, name, "test", [Scope.ADMIN]))
        async with client(engine, keys[-1]) as http:
            await fill_project(GraphQLClient(http), marks)
        ids.append(await _ids(engine, name))
    await engine.dispose()
    await run(server, f"CREATE DATABASE {alone} TEMPLATE {both} STRATEGY FILE_COPY")
    engine = create_engine(Settings(), server.set(database=alone))
    async with engine.begin() as connection:
        project = await connection.scalar(text("SELECT id FROM projects WHERE name = 'theirs'"))
        for table in reversed(Base.metadata.sorted_tables):
            if "project_id" in table.c:
                await connection.execute(table.delete().where(table.c.project_id == project))
        await connection.execute(text("DELETE FROM projects WHERE name = 'theirs'"))
    await engine.dispose()
    return TwinStores(
        server.set(database=both), server.set(database=alone), keys[0], keys[1], ids[0], ids[1]
    )


async def _ids(engine: AsyncEngine, project: str) -> dict[str, list[str]]:
    ids = {}
    async with engine.connect() as connection:
        for table, node_type in NODE_TYPES.items():
            found = await connection.scalars(
                text(
                    f"SELECT id FROM {table.name} WHERE project_id ="
                    " (SELECT id FROM projects WHERE name = :name) ORDER BY created_at, id"
                ),
                {"name": project},
            )
            written = [encode(PREFIXES[table], UUID(str(each))) for each in found]
            ids[node_type.__strawberry_definition__.name] = written
    return ids


def client(engine: AsyncEngine, key: str, *, plans_queries: bool = True) -> httpx2.AsyncClient:
    """A client of the real application, which may ask for a lot."""
    settings = Settings(
        insecure=True,
        plans_queries=plans_queries,
        max_aliases=10_000,
        max_root_fields=10_000,
        max_fields=100_000,
        max_cost=10**9,
        max_cost_per_minute=10**12,
        max_new_document_characters_per_minute=10**9,
        max_document_characters=10**6,
        max_document_tokens=10**6,
        max_errors=1_000,
    )
    transport = httpx2.ASGITransport(app=create_app(settings, engine))
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(
        transport=transport, base_url="http://testserver", headers=headers, timeout=60
    )


@dataclass(frozen=True)
class Prober:
    """Asks as the first project, with and without the second in the store."""

    stores: TwinStores
    engine: AsyncEngine
    both: httpx2.AsyncClient
    alone: httpx2.AsyncClient

    async def ask(self, document: str, **variables: Any) -> Reply:
        """Send a document as the first project. Fails if the second makes any difference."""
        body = {"query": document, "variables": variables}
        sent = [await http.post("/graphql", json=body) for http in (self.both, self.alone)]
        with_theirs, without = [_without_request(each) for each in sent]
        assert with_theirs == without, document
        assert THEIRS.text not in sent[0].text, document
        assert str(THEIRS.number) not in sent[0].text, document
        answer: dict[str, Any] = with_theirs[1]
        return Reply(answer.get("data"), answer.get("errors", []))

    async def post_as_they(self, document: str, variables: dict[str, Any]) -> httpx2.Response:
        """Send a document as the second project, to the same process."""
        key = {"authorization": f"Bearer {self.stores.their_key}"}
        body = {"query": document, "variables": variables}
        return await self.both.post("/graphql", json=body, headers=key)

    async def ask_as_they(self, document: str, **variables: Any) -> dict[str, Any]:
        """Send a document as the second project; it must succeed."""
        answer = (await self.post_as_they(document, variables)).json()
        assert "errors" not in answer, answer["errors"][:3]
        data: dict[str, Any] = answer["data"]
        return data

    async def digest(self) -> dict[str, str | None]:
        """Digest all rows but those of keys, which tell when they were used."""
        digests = await digest_rows(self.engine)
        digests.pop("api_keys")
        return digests


def _without_request(response: httpx2.Response) -> tuple[int, Any]:
    return response.status_code, comparable_answer(response.json())


@pytest.fixture
async def engine(twin_stores: TwinStores) -> AsyncIterator[AsyncEngine]:
    """The engine of a server process on the store of both projects."""
    made = create_engine(Settings(pool_size=20), twin_stores.both)
    yield made
    await made.dispose()


@pytest.fixture(params=["planned", "resolved"])
async def prober(
    twin_stores: TwinStores, engine: AsyncEngine, request: pytest.FixtureRequest
) -> AsyncIterator[Prober]:
    """Asks by the plan, then by graphql-core. Whatever is asked, nothing may be written.

    Each statement that it takes must hold all tables to a project.
    """
    planned = request.param == "planned"
    other_engine = create_engine(Settings(pool_size=20), twin_stores.alone)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                client(store, twin_stores.my_key, plans_queries=planned)
            )
            for store in (engine, other_engine)
        ]
        made = Prober(twin_stores, engine, *clients)
        before = await made.digest()
        async with recorded_statements(engine) as statements:
            yield made
        check_statements(statements, await _projects(engine))
        assert await made.digest() == before
    await other_engine.dispose()


async def _projects(engine: AsyncEngine) -> set[int]:
    async with engine.connect() as connection:
        found = await connection.scalars(
            text("SELECT id FROM projects WHERE name IN ('mine', 'theirs')")
        )
        return set(found)
