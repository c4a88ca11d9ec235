"""API keys."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from resolvers.context import Context
from resolvers.errors import Forbidden, Unauthenticated
from server.authentication import Authenticator, create_key
from tests.conftest import http_client
from tests.graphql_client import GraphQLClient


async def _key(engine: AsyncEngine, project: str = "default", scope: Scope = Scope.RECORD) -> str:
    async with engine.begin() as connection:
        return await create_key(connection, project, "test", [scope])


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.RECORD, {Scope.READ, Scope.RECORD}),
        (Scope.ADMIN, {Scope.READ, Scope.RECORD, Scope.ADMIN}),
    ],
)
async def test_a_scope_includes_those_before_it(
    engine: AsyncEngine, scope: Scope, granted: set[Scope]
) -> None:
    key = await _key(engine, scope=scope)
    caller = await Authenticator(engine, requires_key=True).caller(f"Bearer {key}")
    assert caller.project_id == 1
    assert caller.scopes == granted
    for each in Scope:
        if each in granted:
            Context(engine, 1, caller.scopes).require(each)
        else:
            with pytest.raises(Forbidden):
                Context(engine, 1, caller.scopes).require(each)


async def test_a_key_opens_its_own_project(engine: AsyncEngine) -> None:
    authenticator = Authenticator(engine, requires_key=True)
    mine, theirs = await _key(engine), await _key(engine, "other")
    assert (await authenticator.caller(f"Bearer {mine}")).project_id == 1
    assert (await authenticator.caller(f"bearer {theirs}")).project_id != 1


async def test_a_key_is_not_stored(engine: AsyncEngine) -> None:
    key = await _key(engine)
    async with engine.connect() as connection:
        stored = await connection.scalar(text("SELECT k::text FROM api_keys k"))
    assert key.rpartition("_")[2] not in str(stored)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer sg_", "Basic abc", "Bearer sg_aaaa_bbbb", "Bearer sg_a b_c", "Bearer ü"],
)
async def test_what_is_no_key(engine: AsyncEngine, authorization: str) -> None:
    with pytest.raises(Unauthenticated):
        await Authenticator(engine, requires_key=False).caller(authorization)


async def test_a_wrong_secret_is_no_key(engine: AsyncEngine) -> None:
    key = await _key(engine)
    with pytest.raises(Unauthenticated):
        await Authenticator(engine, requires_key=True).caller(f"Bearer {key[:-1]}x")


async def test_no_key_where_one_is_asked_for(engine: AsyncEngine) -> None:
    with pytest.raises(Unauthenticated):
        await Authenticator(engine, requires_key=True).caller(None)
    caller = await Authenticator(engine, requires_key=False).caller(None)
    assert caller.project_id == 1


async def test_a_revoked_key_is_forgotten_in_seconds(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("server.authentication.monotonic", lambda: now)
    key = await _key(engine)
    authenticator = Authenticator(engine, requires_key=True)
    await authenticator.caller(f"Bearer {key}")
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE api_keys SET revoked_at = now()"))
    now = 5.1
    with pytest.raises(Unauthenticated):
        await authenticator.caller(f"Bearer {key}")


async def test_a_reading_key_records_nothing(engine: AsyncEngine) -> None:
    key = await _key(engine, scope=Scope.READ)
    async with http_client(engine, key) as http:
        client = GraphQLClient(http)
        reply = await client.mutate("createSession", "created", sessionId="s")
        assert reply.error["code"] == "FORBIDDEN"
        assert (await client.execute('{ session(id: "s") { id } }'))["session"] is None
