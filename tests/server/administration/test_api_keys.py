"""Keys as an operator sees them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from resolvers.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.administration.api_keys import (
    count_working_keys,
    create_key,
    list_keys,
    revoke_key,
    rotate_key,
)
from server.administration.projects import create_project
from server.authentication.authenticator import Authenticator
from server.commands.serve import _check_access
from server.operator_error import OperatorError
from server.settings import Settings

_HOUR = timedelta(hours=1)


def _prefix(key: str) -> str:
    return key.split("_")[1]


async def _opens(engine: AsyncEngine, key: str) -> bool:
    try:
        await Authenticator(engine, Settings(host="192.0.2.1")).caller(f"Bearer {key}")
    except Unauthenticated:
        return False
    return True


async def test_keys_are_listed_without_their_secrets(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await create_project(connection, "other")
        key = await create_key(connection, "default", "runtime", [Scope.RECORD], _HOUR)
        await create_key(connection, "other", "dashboard", [Scope.READ])
        both = await list_keys(connection)
        (listed,) = await list_keys(connection, "default")
        with pytest.raises(NotFound):
            await list_keys(connection, "nowhere")
    assert [(each.project, each.name, each.scopes) for each in both] == [
        ("default", "runtime", ["read", "record"]),
        ("other", "dashboard", ["read"]),
    ]
    assert listed.prefix == _prefix(key)
    assert listed.expires_at is not None
    assert timedelta(0) <= listed.expires_at - listed.created_at - _HOUR < timedelta(minutes=1)
    assert key.rpartition("_")[2] not in str(both)


async def test_a_key_of_an_unknown_project_is_not_made(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        with pytest.raises(NotFound, match="sessiongraph projects create nowhere"):
            await create_key(connection, "nowhere", "runtime", [Scope.READ])
        assert await connection.scalar(text("SELECT count(*) FROM projects")) == 1


@pytest.mark.parametrize("name", ["", " ", " x", "a\nb", "\x1b[2J", "\ud800", "x" * 101])
async def test_a_name_that_cannot_be_read_is_none(engine: AsyncEngine, name: str) -> None:
    async with engine.begin() as connection:
        with pytest.raises(Invalid):
            await create_key(connection, "default", name, [Scope.READ])
        with pytest.raises(Invalid):
            await create_project(connection, name)


async def test_a_revoked_key_stays_revoked(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        key = await create_key(connection, "default", "runtime", [Scope.READ])
    async with engine.begin() as connection:
        assert await revoke_key(connection, f"sg_{_prefix(key)}") == "runtime"
    async with engine.begin() as connection:
        (before,) = await list_keys(connection)
        assert await revoke_key(connection, _prefix(key)) == "runtime"
        assert await list_keys(connection) == [before]
        assert await count_working_keys(connection) == 0
        with pytest.raises(NotFound):
            await revoke_key(connection, "0" * 12)
        with pytest.raises(Conflict):
            await rotate_key(connection, _prefix(key), _HOUR)
    assert not await _opens(engine, key)


async def test_a_rotated_key_works_until_the_overlap_ends(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        old = await create_key(connection, "default", "runtime", [Scope.RECORD])
    async with engine.begin() as connection:
        new = await rotate_key(connection, _prefix(old), _HOUR)
        listed = {key.prefix: key for key in await list_keys(connection)}
    first, second = listed[_prefix(old)], listed[_prefix(new)]
    assert (second.name, second.project, second.scopes) == ("runtime", "default", first.scopes)
    assert second.expires_at is None
    assert first.expires_at is not None
    assert timedelta(0) < first.expires_at - datetime.now(UTC) <= _HOUR
    assert await _opens(engine, old)
    assert await _opens(engine, new)
    async with engine.begin() as connection:
        newest = await rotate_key(connection, _prefix(new), timedelta(0))
        assert await count_working_keys(connection) == 2
    assert not await _opens(engine, new)
    assert await _opens(engine, newest)


async def test_a_key_that_expires_is_replaced_by_one_that_does(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        old = await create_key(connection, "default", "runtime", [Scope.READ], _HOUR)
    async with engine.begin() as connection:
        with pytest.raises(Invalid, match="--expires-in"):
            await rotate_key(connection, _prefix(old), _HOUR)
        new = await rotate_key(connection, _prefix(old), 100 * _HOUR, 10 * _HOUR)
        listed = {key.prefix: key.expires_at for key in await list_keys(connection)}
    now = datetime.now(UTC)
    ends = listed[_prefix(old)]
    assert ends is not None
    assert ends - now <= _HOUR  # an overlap does not prolong
    ends = listed[_prefix(new)]
    assert ends is not None
    assert 9 * _HOUR < ends - now <= 10 * _HOUR


async def test_a_server_starts_with_a_key_that_works_or_an_issuer(engine: AsyncEngine) -> None:
    settings = Settings(host="192.0.2.1")
    async with engine.begin() as connection:
        await create_key(connection, "default", "expired", [Scope.READ], timedelta(0))
    with pytest.raises(OperatorError, match="no API keys that work"):
        await _check_access(settings, engine)
    issuer = {"oidc_issuer": "https://issuer.example", "oidc_audience": "sessiongraph"}
    await _check_access(settings.model_copy(update=issuer), engine)
    async with engine.begin() as connection:
        await create_key(connection, "default", "working", [Scope.READ], _HOUR)
    await _check_access(settings, engine)
