"""Keys of the store, and what finds their callers."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Scope
from server.administration.api_keys import create_key
from server.authentication.authenticator import Authenticator
from server.settings import Settings

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
