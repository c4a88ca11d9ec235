import asyncio
import socket
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from server import database
from server.database import check_server, create_engine, read_url
from server.operator_error import OperatorError
from server.settings import Settings
from tests.conftest import run


async def _complaint(given: str) -> str:
    engine = create_engine(Settings(), read_url(given))
    with pytest.raises(OperatorError) as raised:
        await check_server(engine)
    await engine.dispose()
    assert "\n" not in str(raised.value)
    return str(raised.value)


async def test_a_database_that_can_be_used_passes(engine: AsyncEngine) -> None:
    await check_server(engine)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_the_usual_schemes_are_read(scheme: str) -> None:
    url = read_url(f"{scheme}://user:p%40ss@host:1/name")
    assert (url.drivername, url.password) == ("postgresql+asyncpg", "p@ss")


@pytest.mark.parametrize(
    "given",
    ["", "nonsense", "mysql://u:secret@h/d", "postgres://u:secret@h:x/d", "postgres://h:70000"],
)
def test_what_is_no_database_url_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(OperatorError, match=r"^DATABASE_URL [^:]") as raised:
        read_url(given)
    assert "secret" not in str(raised.value)


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    complaint = await _complaint("postgres://user:secret@127.0.0.1:1/name")
    assert complaint.startswith("No database answers at postgresql://user:***@127.0.0.1:1/name: ")


async def test_a_server_that_is_silent_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert database._CONNECT_SECONDS <= 5
    monkeypatch.setattr(database, "_CONNECT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        complaint = await _complaint(f"postgres://u:secret@127.0.0.1:{silent.getsockname()[1]}/d")
    assert complaint.endswith(": timed out.")


async def test_a_database_that_is_not_there_is_told(server_url: URL) -> None:
    url = server_url.set(database="nowhere").render_as_string(hide_password=False)
    assert (await _complaint(url)).endswith(': database "nowhere" does not exist.')


@pytest.mark.parametrize("query", ["sslmode=nonsense", "nonsense=1"])
async def test_a_parameter_that_is_not_known_is_told(server_url: URL, query: str) -> None:
    url = server_url.render_as_string(hide_password=False)
    complaint = await _complaint(f"{url}{'&' if '?' in url else '?'}{query}")
    assert query.partition("=")[0] in complaint


async def test_commits_that_could_be_lost_are_refused(
    engine: AsyncEngine, database_url: URL
) -> None:
    await run(database_url, f"ALTER DATABASE {database_url.database} SET synchronous_commit = off")
    with pytest.raises(OperatorError, match="synchronous_commit is off"):
        await check_server(engine)


async def test_another_encoding_is_refused(server_url: URL) -> None:
    name = f"test_encoding_{uuid4().hex}"
    await run(
        server_url,
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1'"
        " LOCALE_PROVIDER libc LOCALE 'C'",
    )
    url = server_url.set(database=name).render_as_string(hide_password=False)
    assert "must have the encoding UTF8" in await _complaint(url)
    await run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def test_connections_that_the_server_closed_are_replaced(
    engine: AsyncEngine, server_url: URL
) -> None:
    closed = asyncio.Queue[Any]()
    async with engine.connect() as first, engine.connect() as second:
        for connection in (first, second):
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            driver.add_termination_listener(closed.put_nowait)
    await run(
        server_url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{engine.url.database}'",
    )
    await closed.get()
    await closed.get()
    async with engine.connect() as first, engine.connect() as second:
        assert await first.scalar(text("SELECT 1")) == await second.scalar(text("SELECT 1"))


async def test_the_pool_holds_no_more_connections_than_set(database_url: URL) -> None:
    engine = create_engine(Settings(pool_size=1, pool_timeout_seconds=0.05), database_url)
    async with engine.connect():
        with pytest.raises(PoolTimeoutError):
            await engine.connect()
    await engine.dispose()


async def test_a_session_has_our_settings(database_url: URL) -> None:
    engine = create_engine(Settings(statement_timeout_seconds=1.5), database_url)
    async with engine.connect() as connection:
        for name, value in {
            "application_name": "sessiongraph",
            "jit": "off",
            "statement_timeout": "1500ms",
            "TimeZone": "UTC",
        }.items():
            assert await connection.scalar(text(f"SHOW {name}")) == value
    await engine.dispose()
