"""API keys, as requests send them."""

import asyncio
from datetime import timedelta
from secrets import token_hex

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from resolvers.errors import Unauthenticated
from server.administration.api_keys import revoke_key
from server.administration.projects import create_project
from server.authentication.authenticator import Authenticator
from server.database import create_engine
from server.settings import Settings
from tests.conftest import http_client, run
from tests.graphql_client import GraphQLClient
from tests.server.authentication.conftest import MakeKey
from tests.statements import recorded_statements


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.RECORD, {Scope.READ, Scope.RECORD}),
        (Scope.ADMIN, {Scope.READ, Scope.RECORD, Scope.ADMIN}),
    ],
)
async def test_a_scope_includes_those_before_it(
    authenticator: Authenticator, make_key: MakeKey, scope: Scope, granted: set[Scope]
) -> None:
    caller = await authenticator.caller(f"Bearer {await make_key(scope=scope)}")
    assert caller.project_id == 1
    assert caller.scopes == granted


async def test_a_key_opens_its_own_project(
    engine: AsyncEngine, authenticator: Authenticator, make_key: MakeKey
) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "other")
    mine, theirs = await make_key(), await make_key("other")
    assert (await authenticator.caller(f"Bearer {mine}")).project_id == 1
    assert (await authenticator.caller(f"bearer {theirs}")).project_id != 1


async def test_a_key_is_not_stored(engine: AsyncEngine, make_key: MakeKey) -> None:
    key = await make_key()
    async with engine.connect() as connection:
        stored = await connection.scalar(text("SELECT k::text FROM api_keys k"))
    assert key.rpartition("_")[2] not in str(stored)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer sg_",
        "Basic abc",
        "Bearer sg_aaaa_bbbb",
        "Bearer sg_a b_c",
        "Bearer ü",
        "Bearer \ud800",
        f"Bearer sg_{'0' * 12}_{'0' * 63}\n",
        f"Bearer sg_{'A' * 12}_{'A' * 64}",
        "Bearer e30.e30.",
    ],
)
async def test_what_is_no_key_is_not_looked_for(
    engine: AsyncEngine, authenticator: Authenticator, authorization: str
) -> None:
    async with recorded_statements(engine) as statements:
        with pytest.raises(Unauthenticated):
            await authenticator.caller(authorization)
    assert statements == []


async def test_a_wrong_secret_is_no_key(authenticator: Authenticator, make_key: MakeKey) -> None:
    key = await make_key()
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    with pytest.raises(Unauthenticated, match="unknown"):
        await authenticator.caller(f"Bearer {wrong}")


async def test_no_key_where_one_is_asked_for(
    engine: AsyncEngine, authenticator: Authenticator
) -> None:
    with pytest.raises(Unauthenticated):
        await authenticator.caller(None)
    caller = await Authenticator(engine, Settings(insecure=True)).caller(None)
    assert caller.project_id == 1
    assert await authenticator.is_valid(caller)


async def test_a_revoked_key_is_forgotten_in_seconds(
    engine: AsyncEngine,
    authenticator: Authenticator,
    make_key: MakeKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("server.authentication.lookup.monotonic", lambda: now)
    key = await make_key()
    caller = await authenticator.caller(f"Bearer {key}")
    async with engine.begin() as connection:
        await revoke_key(connection, key.split("_")[1])
    assert await authenticator.is_valid(caller)
    now = 5.1
    assert not await authenticator.is_valid(caller)
    with pytest.raises(Unauthenticated):
        await authenticator.caller(f"Bearer {key}")


async def test_a_key_expires_to_the_moment(
    engine: AsyncEngine, authenticator: Authenticator, make_key: MakeKey
) -> None:
    key = await make_key(lifetime=timedelta(days=1))
    caller = await authenticator.caller(f"Bearer {key}")
    assert caller.expires_at is not None
    assert await authenticator.is_valid(caller)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE api_keys SET expires_at = now()"))
    # another process reads it anew; this one knows from before when it ends
    other = Authenticator(engine, Settings(host="192.0.2.1"))
    with pytest.raises(Unauthenticated, match="expired"):
        await other.caller(f"Bearer {key}")


async def test_many_who_send_a_key_at_once_are_one_statement(
    engine: AsyncEngine, authenticator: Authenticator, make_key: MakeKey
) -> None:
    key = await make_key()
    async with recorded_statements(engine) as statements:
        callers = await asyncio.gather(*[authenticator.caller(f"Bearer {key}") for _ in range(50)])
    assert len(set(callers)) == 1
    assert len(statements) == 1


async def test_a_flood_of_made_up_keys_takes_one_connection_and_pushes_out_no_real_one(
    engine: AsyncEngine, authenticator: Authenticator, make_key: MakeKey
) -> None:
    key = await make_key()
    await authenticator.caller(f"Bearer {key}")
    made_up = [f"Bearer sg_{token_hex(6)}_{token_hex(32)}" for _ in range(12_000)]
    async with recorded_statements(engine) as statements:
        refused = await asyncio.gather(
            *[authenticator.caller(each) for each in made_up], return_exceptions=True
        )
        assert {type(each) for each in refused} == {Unauthenticated}
        assert len(statements) <= 13
        before = len(statements)
        await authenticator.caller(f"Bearer {key}")
        for again in made_up[-100:]:
            with pytest.raises(Unauthenticated):
                await authenticator.caller(again)
        assert len(statements) == before


async def test_a_database_that_is_away_refuses_nobody(
    server_url: URL, engine: AsyncEngine, make_key: MakeKey
) -> None:
    known, unknown = await make_key(), await make_key()
    away = create_engine(Settings(pool_timeout_seconds=1), server_url.set(database="nowhere"))
    authenticator = Authenticator(engine, Settings(host="192.0.2.1"))
    caller = await authenticator.caller(f"Bearer {known}")
    authenticator._keys._engine = away
    assert await authenticator.caller(f"Bearer {known}") == caller
    async with http_client(away, unknown) as http:
        answer = await http.post("/graphql", json={"query": "{ __typename }"})
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    authenticator._keys._known._found.keep(str(caller.identity), (0.0, None), 1)  # type: ignore[arg-type]
    assert await authenticator.is_valid(caller)
    await away.dispose()


async def test_a_use_is_written_behind_the_request(
    engine: AsyncEngine, authenticator: Authenticator, make_key: MakeKey
) -> None:
    used, unused = await make_key(), await make_key()
    async with recorded_statements(engine) as statements:
        async with authenticator.key_use.written():
            for _ in range(3):
                await authenticator.caller(f"Bearer {used}")
            assert len(statements) == 1
        assert len(statements) == 2
        await authenticator.key_use.write()
        assert len(statements) == 2
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT prefix, last_used_at FROM api_keys"))
        last_used = {row.prefix: row.last_used_at for row in rows}
    assert last_used[used.split("_")[1]] is not None
    assert last_used[unused.split("_")[1]] is None


async def test_a_use_that_cannot_be_written_is_written_later(
    engine: AsyncEngine, database_url: URL, authenticator: Authenticator, make_key: MakeKey
) -> None:
    key = await make_key()
    await authenticator.caller(f"Bearer {key}")
    await run(database_url, "ALTER TABLE api_keys RENAME TO elsewhere")
    await authenticator.key_use.write()
    await run(database_url, "ALTER TABLE elsewhere RENAME TO api_keys")
    await authenticator.key_use.write()
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT last_used_at FROM api_keys")) is not None


async def test_a_key_that_another_process_writes_is_not_waited_for(
    engine: AsyncEngine, authenticator: Authenticator, make_key: MakeKey
) -> None:
    await authenticator.caller(f"Bearer {await make_key()}")
    async with engine.begin() as other:
        await other.execute(text("UPDATE api_keys SET last_used_at = now()"))
        async with asyncio.timeout(10):
            await authenticator.key_use.write()


async def test_a_reading_key_records_nothing(engine: AsyncEngine, make_key: MakeKey) -> None:
    async with http_client(engine, await make_key(scope=Scope.READ)) as http:
        client = GraphQLClient(http)
        reply = await client.mutate("createSession", "created", sessionId="s")
        assert reply.error["code"] == "FORBIDDEN"
        assert reply.error["message"] == (
            "`createSession` needs the scope `record`; this key has `read`."
        )
        assert (await client.execute('{ session(id: "s") { id } }'))["session"] is None
