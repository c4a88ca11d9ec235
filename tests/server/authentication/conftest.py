"""Keys of the store, tokens of an issuer on loopback, and what finds their callers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from server.administration.api_keys import create_key
from server.authentication.authenticator import Authenticator
from server.settings import Settings
from tests.server.authentication.issuer import AUDIENCE, Issuer

MakeKey = Callable[..., Awaitable[str]]


@pytest.fixture
def authenticator(engine: AsyncEngine) -> Authenticator:
    """One that asks for keys."""
    return Authenticator(engine, Settings(host="192.0.2.1"))


@pytest.fixture
def make_key(engine: AsyncEngine) -> MakeKey:
    """Makes keys."""

    async def make(
        project: str = "default", scope: Scope = Scope.RECORD, lifetime: timedelta | None = None
    ) -> str:
        async with engine.begin() as connection:
            return await create_key(connection, project, "test", [scope], lifetime)

    return make


class Clock:
    """What the keys' age is read from."""

    now = 1_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("server.authentication.signing_keys.monotonic", lambda: made.now)
    return made


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    made = Issuer()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def tokens(engine: AsyncEngine, issuer: Issuer, clock: Clock) -> Authenticator:
    """What takes the issuer's tokens; its keys age by the clock."""
    return Authenticator(engine, Settings(oidc_issuer=issuer.url, oidc_audience=AUDIENCE))
