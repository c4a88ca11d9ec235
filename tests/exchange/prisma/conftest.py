"""Sources for tests: SQLite, PostgreSQL, and MariaDB where it is installed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.context import Context
from tests.conftest import new_name, run
from tests.exchange.prisma.sources import Source


@pytest.fixture
def context(engine: AsyncEngine) -> Context:
    return Context(engine, 1)


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Source]:
    path = tmp_path / "dev.db"
    path.touch()
    source = Source(f"file:{path}", f"sqlite+aiosqlite:///{path}")
    yield source
    await source.engine.dispose()


@pytest.fixture
async def postgresql(server_url: URL) -> AsyncIterator[Source]:
    name = new_name("test")
    await run(server_url, f"CREATE DATABASE {name}")
    url = server_url.set(database=name)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    mark = "&" if "?" in plain else "?"
    driver_url = url.render_as_string(hide_password=False)
    source = Source(f"{plain}{mark}schema=public&connection_limit=5", driver_url)
    yield source
    await source.engine.dispose()
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest) -> Source:
    """A source on each database."""
    made: Source = request.getfixturevalue(request.param)
    return made
