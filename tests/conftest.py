"""The store that tests talk to: a real PostgreSQL, and a database of its own for each test."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import time
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from starlette.types import ASGIApp

from migrations import runner
from models import Scope
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.app import create_app
from server.database import create_engine, read_url
from server.embedded_postgres import embedded_postgres
from server.settings import Settings
from server.structured_logs import configure_logs
from tests.graphql_client import GraphQLClient

_SERVER_VARIABLE = "SESSIONGRAPH_TEST_DATABASE_URL"
_UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    configure_logs(Settings())


@pytest.fixture(scope="session")
def server_url() -> Iterator[URL]:
    """The server that all tests share: one of our own, or that of the environment."""
    with ExitStack() as stack:
        given = os.environ.get(_SERVER_VARIABLE)
        if given is None:
            # the same folder for each run: runs at the same time share a server
            folder = Path(tempfile.gettempdir()) / f"sessiongraph-tests-{os.geteuid()}"
            url = stack.enter_context(embedded_postgres(folder, _UNSAFE_BUT_FAST))
            stack.enter_context(_guard(folder))
        else:
            url = read_url(given)
        url = url.set(drivername="postgresql+asyncpg")
        asyncio.run(_drop_left_databases(url))
        yield url


_GUARD = """
import sys
from pathlib import Path
from server.embedded_postgres import embedded_postgres
sys.stdin.read()  # which ends with the test run, however that ends
with embedded_postgres(Path(sys.argv[1])):
    pass
"""


@contextmanager
def _guard(folder: Path) -> Iterator[None]:
    """Stop the server after a run that was killed, unless another run uses it."""
    guard = subprocess.Popen(
        [sys.executable, "-c", _GUARD, folder],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent,
        start_new_session=True,
    )
    with guard:
        yield
        guard.kill()


def new_name(kind: str) -> str:
    """Name a database of this run: a later run knows one that was left by the time in its name."""
    return f"{kind}_{time():.0f}_{uuid4().hex}"


async def _drop_left_databases(url: URL) -> None:
    """Drop the databases of runs that were killed; a day is longer than a run takes."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        names = await connection.scalars(
            text(
                "SELECT datname FROM pg_database WHERE datname ~ '^(template|test)_[0-9]+_'"
                " AND split_part(datname, '_', 2)::bigint < :yesterday"
            ),
            {"yesterday": int(time()) - 86_400},
        )
        for name in names.all():
            with suppress(DBAPIError):  # another run does the same
                await connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    await engine.dispose()


@pytest.fixture(scope="session")
def template(server_url: URL) -> Iterator[str]:
    """The name of a migrated database; each test's own is a copy of it."""
    name = new_name("template")
    asyncio.run(_make_template(server_url, name))
    yield name
    asyncio.run(run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def _make_template(url: URL, name: str) -> None:
    await run(url, f"CREATE DATABASE {name}")
    engine = create_engine(Settings(), url.set(database=name))
    await runner.upgrade(engine)
    await engine.dispose()


async def run(url: URL, statement: str) -> None:
    """Run a statement that no transaction may hold, such as CREATE DATABASE."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
async def empty_database_url(server_url: URL) -> AsyncIterator[URL]:
    """A database without tables."""
    name = new_name("test")
    await run(server_url, f"CREATE DATABASE {name}")
    yield server_url.set(database=name)
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(server_url: URL, template: str) -> AsyncIterator[URL]:
    """A migrated database of the test's own; project 1 is there."""
    name = new_name("test")
    await run(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield server_url.set(database=name)
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def engine(database_url: URL) -> AsyncIterator[AsyncEngine]:
    """The engine of a server process on the test's database."""
    made = create_engine(Settings(pool_size=20), database_url)
    yield made
    await made.dispose()


def http_client(
    engine: AsyncEngine, key: str | None = None, *, plans_queries: bool = True
) -> httpx2.AsyncClient:
    """A client of the real application, with an API key or as project 1."""
    app = create_app(Settings(insecure=True, plans_queries=plans_queries), engine)
    return client_of_app(app, key)


def client_of_app(app: ASGIApp, key: str | None = None) -> httpx2.AsyncClient:
    """A client of an application."""
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    transport = httpx2.ASGITransport(app=app)
    return httpx2.AsyncClient(transport=transport, base_url="http://testserver", headers=headers)


@pytest.fixture
async def graphql(engine: AsyncEngine) -> AsyncIterator[GraphQLClient]:
    """A client of project 1."""
    async with http_client(engine) as http:
        yield GraphQLClient(http)


@pytest.fixture
async def resolved(engine: AsyncEngine) -> AsyncIterator[GraphQLClient]:
    """A client of project 1, on a server that plans nothing."""
    async with http_client(engine, plans_queries=False) as http:
        yield GraphQLClient(http)


@pytest.fixture
async def other_project(engine: AsyncEngine) -> AsyncIterator[GraphQLClient]:
    """A client whose key opens another project of the same store."""
    async with engine.begin() as connection:
        await create_project(connection, "other")
        key = await create_key(connection, "other", "test", [Scope.ADMIN])
    async with http_client(engine, key) as http:
        yield GraphQLClient(http)
