"""Idempotency keys go when they are old enough, but for those of imports."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server import idempotency_key_expiry
from server.idempotency_key_expiry import IdempotencyKeyExpiry
from server.settings import Settings
from tests.factories import create_session
from tests.graphql_client import GraphQLClient
from tests.project_conditions import check_statements
from tests.statements import recorded_statements


async def _age(engine: AsyncEngine, days: float, like: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE idempotency_keys SET created_at = now() - make_interval(secs => :seconds)"
                " WHERE key LIKE :like"
            ),
            {"seconds": days * 86_400, "like": like},
        )


async def _keys(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.scalars(text("SELECT key FROM idempotency_keys")))


async def test_old_keys_go(
    graphql: GraphQLClient,
    other_project: GraphQLClient,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idempotency_key_expiry, "_BATCH", 3)
    for client in (graphql, other_project):
        await create_session(client)
        for number in range(8):
            for age in ("old", "new"):
                await client.record(
                    "recordMessage", "replayed", session="session", role="USER", content="x",
                    idempotencyKey=f"{age} {number}",
                )  # fmt: skip
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE idempotency_keys SET mutation = 'import' WHERE key IN ('old 1', 'old 4')")
        )
    await _age(engine, 7.01, "old %")
    await _age(engine, 6.99, "new %")
    expiry = IdempotencyKeyExpiry(engine, Settings().idempotency_key_retention_days)
    async with recorded_statements(engine) as statements:
        assert await expiry.look() == expiry.pause_seconds
    assert expiry.deleted == 12
    assert await _keys(engine) == {"old 1", "old 4", *(f"new {number}" for number in range(8))}
    check_statements([each for each in statements if "DELETE" in each.query], {1, 2})
    again = await graphql.record(
        "recordMessage", "replayed", session="session", role="USER", content="x",
        idempotencyKey="new 0",
    )  # fmt: skip
    assert again["replayed"]
    again = await graphql.record(
        "recordMessage", "replayed", session="session", role="USER", content="x",
        idempotencyKey="old 0",
    )  # fmt: skip
    assert not again["replayed"]


async def test_a_key_that_is_used_while_it_goes(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    """Whoever comes with it records, or gets the first answer; nobody gets an error."""
    await create_session(graphql)
    expiry = IdempotencyKeyExpiry(engine, 1)
    given = {"session": "session", "role": "USER", "content": "x", "idempotencyKey": "key"}
    for _ in range(20):
        await _age(engine, 2, "key")
        used = [graphql.mutate("recordMessage", "replayed", **given) for _ in range(5)]
        _, *replies = await asyncio.gather(_look(expiry), *used)
        assert not [reply for reply in replies if reply is None or reply.errors]
    assert expiry.deleted > 0


async def _look(expiry: IdempotencyKeyExpiry) -> None:
    await expiry.look()
