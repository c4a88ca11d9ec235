import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from server.app import create_app
from server.database import create_engine
from server.settings import Settings
from tests.conftest import http_client
from tests.database_proxy import database_proxy


async def test_a_server_with_its_schema_is_ready(engine: AsyncEngine) -> None:
    async with http_client(engine) as client:
        assert (await client.get("/healthz")).json() == {"status": "up"}
        response = await client.get("/readyz")
        assert response.status_code == 200
        assert response.json() == {"status": "ready", "database": "up", "schema": "current"}


async def test_an_older_schema_is_not_served(engine: AsyncEngine) -> None:
    async with http_client(engine) as client:
        for change in (
            "UPDATE alembic_version SET version_num = '0001'",
            "DROP TABLE alembic_version",
        ):
            async with engine.begin() as connection:
                await connection.execute(text(change))
            response = await client.get("/readyz")
            assert response.status_code == 503
            assert response.json() == {"status": "unready", "database": "up", "schema": "older"}


async def test_without_a_database_the_process_lives_and_is_not_ready() -> None:
    engine = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    async with http_client(engine) as client:
        assert (await client.get("/healthz")).status_code == 200
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"status": "unready", "database": "away", "schema": None}
        response = await client.post("/graphql", json={"query": "{ sessions { nodes { id } } }"})
        error = response.json()["errors"][0]
        assert error["extensions"]["code"] == "UNAVAILABLE"


async def test_a_database_that_says_nothing_is_away_within_seconds(database_url: URL) -> None:
    async with database_proxy(database_url) as proxy:
        engine = create_engine(Settings(pool_size=2), proxy.url)
        async with http_client(engine) as client:
            assert (await client.get("/readyz")).status_code == 200
            proxy.speaks.clear()
            async with asyncio.timeout(5):
                # more often than there are connections
                answers = await asyncio.gather(*[client.get("/readyz") for _ in range(5)])
            assert {answer.json()["database"] for answer in answers} == {"away"}
            proxy.speaks.set()
            assert (await client.get("/readyz")).status_code == 200
            assert isinstance(engine.pool, QueuePool)
            assert engine.pool.checkedout() == 0
        await engine.dispose()


async def test_the_engine_is_disposed_of_at_the_end(engine: AsyncEngine) -> None:
    app = create_app(Settings(insecure=True), engine)
    transport = httpx2.ASGITransport(app=app)
    used = engine.pool
    assert isinstance(used, QueuePool)

    async def lives() -> AsyncIterator[dict[str, str]]:
        yield {"type": "lifespan.startup"}
        async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as client:
            assert (await client.get("/readyz")).status_code == 200
        assert used.checkedin() >= 1
        yield {"type": "lifespan.shutdown"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, lives().__anext__, send)
    assert used.checkedin() == 0
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
