"""What a key may spend a minute, as its clients see it; and what operations cost."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from resolvers.errors import Conflict
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.app import create_app
from server.http import graphql_endpoint
from server.settings import Settings

PAGE = "{ sessions(first: 50) { nodes { id } } }"
Client = Callable[..., Any]


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphql_endpoint, "REFUSAL_PAUSE_SECONDS", 0)


@asynccontextmanager
async def clients(
    engine: AsyncEngine, **settings: Any
) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient, httpx2.AsyncClient]]:
    """Clients of one server: with a key of one project, of another, and without a key."""
    app = create_app(Settings(insecure=True, **settings), engine)
    transport = httpx2.ASGITransport(app=app)
    made = []
    with suppress(Conflict):  # made before
        async with engine.begin() as connection:
            await create_project(connection, "other")
    for project in ("default", "other", None):
        headers = {}
        if project is not None:
            async with engine.begin() as connection:
                key = await create_key(connection, project, "key", [Scope.RECORD])
            headers = {"authorization": f"Bearer {key}"}
        made.append(
            httpx2.AsyncClient(transport=transport, base_url="http://test", headers=headers)
        )
    async with made[0], made[1], made[2]:
        yield made[0], made[1], made[2]


async def ask(client: httpx2.AsyncClient, query: str, **members: Any) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query, **members})


async def test_a_key_over_its_cost_is_refused_until_time_makes_it_up(engine: AsyncEngine) -> None:
    async with clients(engine, max_cost_per_minute=100) as (mine, theirs, keyless):
        assert (await ask(mine, PAGE)).status_code == 200
        assert (await ask(mine, PAGE)).status_code == 200
        refused = await ask(mine, PAGE)
        assert refused.status_code == 429
        (error,) = refused.json()["errors"]
        extensions = error["extensions"]
        assert extensions["code"] == "LIMITED"
        assert extensions["limit"] == "cost a minute"
        assert extensions["value"] == 102
        assert extensions["allowed"] == 100
        assert refused.headers["retry-after"] == str(extensions["retryAfterSeconds"])
        assert "cost" in error["message"]
        assert "100 are allowed a minute" in error["message"]
        # nobody else pays for it
        assert (await ask(theirs, PAGE)).status_code == 200
        for _ in range(3):
            assert (await ask(keyless, PAGE)).status_code == 200


async def test_a_refused_mutation_records_nothing(engine: AsyncEngine) -> None:
    async with clients(engine, max_cost_per_minute=50) as (mine, _, _keyless):
        await ask(mine, PAGE)
        create = 'mutation { createSession(input: {sessionId: "s"}) { created } }'
        assert (await ask(mine, create)).status_code == 429
    async with clients(engine) as (mine, _, _keyless):
        reply = await ask(mine, '{ session(id: "s") { id } }')
        assert reply.json() == {"data": {"session": None}}


async def test_new_documents_are_charged_once(engine: AsyncEngine) -> None:
    async with clients(engine, max_new_document_characters_per_minute=60) as (mine, theirs, _):
        for _time in range(3):
            assert (await ask(mine, PAGE)).status_code == 200
        # the second new one overdraws the budget, the third finds it used up
        assert (await ask(mine, PAGE + " ")).status_code == 200
        refused = await ask(mine, PAGE + "  ")
        assert refused.status_code == 429
        extensions = refused.json()["errors"][0]["extensions"]
        assert extensions["limit"] == "characters of new documents a minute"
        assert (await ask(mine, PAGE)).status_code == 200, "what is known goes on"
        assert (await ask(theirs, PAGE + "  ")).status_code == 200


async def test_documents_that_are_wrong_are_charged_too(engine: AsyncEngine) -> None:
    async with clients(engine, max_new_document_characters_per_minute=10) as (mine, _, _keyless):
        assert (await ask(mine, "{ nothing here }")).json()["errors"][0]["message"]
        assert (await ask(mine, "{ nothing here }")).status_code == 429


@pytest.mark.parametrize("plans_queries", [True, False])
async def test_the_cost_is_told_when_asked_for(engine: AsyncEngine, plans_queries: bool) -> None:
    settings = {"plans_queries": plans_queries, "max_cost": 60, "max_cost_per_minute": 1_000}
    wanted = {"extensions": {"cost": True}}
    async with clients(engine, **settings) as (mine, _, keyless):
        told = (await ask(mine, PAGE, **wanted)).json()
        assert told == {
            "data": {"sessions": {"nodes": []}},
            "extensions": {
                "cost": {
                    "requested": 50,
                    "allowed": 60,
                    "available": 949,
                    "allowedPerMinute": 1_000,
                }
            },
        }
        told = (await ask(keyless, PAGE, **wanted)).json()
        assert told["extensions"]["cost"] == {
            "requested": 50,
            "allowed": 60,
            "available": None,
            "allowedPerMinute": None,
        }
        assert "extensions" not in (await ask(mine, PAGE)).json()
        refused = (await ask(mine, PAGE.replace("50", "61"), **wanted)).json()
        (error,) = refused["errors"]
        assert error["extensions"]["value"] == 61
        assert error["extensions"]["allowed"] == 60
        wrong = await ask(mine, PAGE, extensions={"cost": 1})
        assert wrong.status_code == 400
        assert wrong.json()["errors"][0]["extensions"]["field"] == "extensions.cost"
