"""Notices that are lost, not sent or not heard, and a PostgreSQL that is restarted or silent."""

import asyncio
import tempfile
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from resolvers.changes import EVERYTHING
from resolvers.context import Context
from resolvers.session import create_session
from resolvers.transaction import record
from server.database import read_url
from server.notices import change_notices, listener, sender
from server.notices.change_notices import ChangeNotices
from server.settings import Settings
from tests.chaos.killable_postgres import KillablePostgres
from tests.database_proxy import database_proxy
from tests.server.notices.notice_process import (
    NEVER,
    SETTINGS,
    address_of,
    noted,
    notice_process,
    poll_never,
    topics_of,
    woken,
)
from tests.waiting import until


async def _end_listeners(url: URL) -> int:
    """End the connections that listen, as their number tells."""
    connection = await asyncpg.connect(address_of(url))
    ended = await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    await connection.close()
    return len(ended)


@pytest.fixture
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    poll_never(monkeypatch)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that happens from time to time happens often, and is given up soon."""
    monkeypatch.setattr(change_notices, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(change_notices, "_DEAF_POLL_SECONDS", 0.05)
    monkeypatch.setattr(sender, "_PAUSE_AFTER_FAILURE_SECONDS", 0.01)
    monkeypatch.setattr(sender, "_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(listener, "_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(listener, "_LONGEST_PAUSE_SECONDS", 0.1)


@pytest.mark.usefixtures("unpolled")
async def test_a_killed_connection_is_replaced_and_followers_are_woken(database_url: URL) -> None:
    topic = uuid4()
    async with notice_process(database_url) as here, notice_process(database_url) as there:
        with there.changes.follow(topic) as follower:
            assert await _end_listeners(database_url) == 2
            await woken(follower)  # what was told meanwhile would be lost
            await until(lambda: here.is_heard and there.is_heard)
            here.changes.tell([topic])
            await woken(follower)


@pytest.mark.usefixtures("unpolled")
async def test_a_restart_of_postgresql_is_outlived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "_PAUSE_AFTER_FAILURE_SECONDS", 0.01)
    topic = uuid4()
    with tempfile.TemporaryDirectory(prefix="sessiongraph-notices-") as folder:
        Path(folder).chmod(0o755)
        postgres = KillablePostgres(Path(folder) / "store")
        await asyncio.to_thread(postgres.start)
        url = read_url(postgres.url)
        try:
            async with notice_process(url) as here, notice_process(url) as there:
                for restart in (postgres.restart, postgres.crash):
                    with there.changes.follow(topic) as follower:
                        await restart()
                        await woken(follower)
                        here.changes.tell([topic])  # over a connection that has ended
                        await until(lambda: here.is_heard and there.is_heard)
                        await woken(follower)
        finally:
            await asyncio.to_thread(postgres.stop)


@pytest.mark.usefixtures("often")
async def test_a_lost_notice_is_healed(database_url: URL) -> None:
    async with notice_process(database_url) as here:
        with here.changes.follow(uuid4()) as follower:
            for _ in range(3):  # though nobody tells anything
                await woken(follower)
        assert here.is_heard


def test_a_lost_notice_delays_as_the_guide_promises() -> None:
    guides = Path(__file__).parents[3] / "docs" / "guides"
    for name in ("reliability.md", "following.md"):
        assert f"up to {change_notices._POLL_SECONDS:.0f} seconds" in (guides / name).read_text()


@pytest.mark.usefixtures("often")
async def test_mutations_succeed_while_notices_cannot_be_sent(
    database_url: URL, engine: AsyncEngine
) -> None:
    nowhere = ChangeNotices(SETTINGS, database_url.set(host="127.0.0.1", port=1, query={}))
    with capture_logs() as logs:
        async with nowhere.exchanged():
            context = Context(engine, 1, nowhere.changes)
            for number in range(20):
                given = {"session_id": str(number)}
                await record(context, "createSession", create_session, given)
            await until(lambda: len(logs) == 2)
    told = {line["event"] for line in logs}
    assert told == {"notices of changes not sent", "notices of changes not heard"}
    untold = nowhere.changes.take_untold()
    assert len(untold) == 21  # the sessions and their project, to be told when it is back
    nowhere.changes.tell(uuid4() for _ in range(100_000))
    assert nowhere.changes.take_untold() == {EVERYTHING}


@pytest.mark.usefixtures("often")
async def test_what_could_not_be_sent_is_sent_later(database_url: URL) -> None:
    topic = uuid4()
    async with database_proxy(database_url) as proxy, noted(database_url) as notices:
        settings = SETTINGS.model_copy(update={"listen_url": address_of(database_url)})
        with capture_logs() as logs:
            async with notice_process(proxy.url, settings) as here:
                proxy.speaks.clear()
                here.changes.tell([topic])
                await until(lambda: bool(logs))
                proxy.speaks.set()
                await until(lambda: topic in topics_of(notices))
                await until(lambda: len(logs) > 1)
    assert logs[0]["event"] == "notices of changes not sent"
    assert logs[-1]["event"] == "notices of changes sent again"


@pytest.mark.usefixtures("often")
async def test_a_connection_that_says_nothing_is_given_up(database_url: URL) -> None:
    async with database_proxy(database_url) as proxy:
        settings = SETTINGS.model_copy(update={"listen_url": address_of(proxy.url)})
        async with notice_process(database_url, settings) as here:
            proxy.speaks.clear()
            await until(lambda: not here.is_heard)
            proxy.speaks.set()
            await until(lambda: here.is_heard)


async def _assert_deaf(notices: ChangeNotices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Assert that the process warns, once, and polls as one that hears nothing."""
    monkeypatch.setattr(change_notices, "_POLL_SECONDS", NEVER)
    with capture_logs() as logs:
        async with notices.exchanged():
            with notices.changes.follow(uuid4()) as follower:
                await until(lambda: bool(logs))
                for _ in range(20):
                    await woken(follower)
            assert not notices.is_heard
    (warning,) = logs
    assert warning["log_level"] == "warning"
    assert "SESSIONGRAPH_LISTEN_URL" in warning["fix"]


@pytest.mark.usefixtures("often")
async def test_it_is_found_out_that_notices_do_not_arrive(
    database_url: URL, empty_database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = SETTINGS.model_copy(update={"listen_url": address_of(empty_database_url)})
    await _assert_deaf(ChangeNotices(elsewhere, database_url), monkeypatch)


@pytest.mark.usefixtures("often")
async def test_nothing_is_heard_through_a_pooler(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled = Settings(transaction_pooling=True)
    await _assert_deaf(ChangeNotices(pooled, database_url), monkeypatch)
