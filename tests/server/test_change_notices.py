"""Notices of changes between processes, through a real PostgreSQL that is restarted and cut off."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from resolvers.changes import EVERYTHING, Follower, Topic
from resolvers.context import Context
from resolvers.identifiers import decode
from resolvers.message import record_message
from resolvers.session import create_session
from resolvers.transaction import record
from server import change_notices, notice_listener, notice_sender
from server.change_notices import ChangeNotices
from server.database import read_url
from server.notice_payloads import CHANNEL, read_topics, sender_of
from server.operator_error import OperatorError
from server.settings import Settings
from tests.chaos.killable_postgres import KillablePostgres
from tests.database_proxy import database_proxy
from tests.graphql_client import GraphQLClient
from tests.server_process import make_environment, serve
from tests.waiting import IN_TIME, until

NEVER = 3600.0
SETTINGS = Settings()


async def _woken(follower: Follower) -> None:
    async with asyncio.timeout(IN_TIME):
        await follower.wait()


@asynccontextmanager
async def _process(url: URL, settings: Settings = SETTINGS) -> AsyncIterator[ChangeNotices]:
    """The notices of a process, once it hears those of others."""
    made = ChangeNotices(settings, url)
    async with made.exchanged():
        await until(lambda: made.is_heard)
        yield made


@asynccontextmanager
async def _noted(url: URL) -> AsyncIterator[list[str]]:
    """The notices that PostgreSQL passes on, but for heartbeats."""
    notices: list[str] = []

    def note(_connection: object, _sender: int, _channel: str, payload: object) -> None:
        if " " in str(payload):
            notices.append(str(payload))

    connection = await asyncpg.connect(_address(url))
    await connection.add_listener(CHANNEL, note)
    try:
        yield notices
    finally:
        await connection.close()


def _address(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _topics(notices: list[str]) -> set[Topic]:
    return {topic for notice in notices for topic in read_topics(notice)}


async def _end_listeners(url: URL) -> int:
    """End the connections that listen, as their number tells."""
    connection = await asyncpg.connect(_address(url))
    ended = await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
    )
    await connection.close()
    return len(ended)


@pytest.fixture
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Followers are woken by notices alone."""
    monkeypatch.setattr(change_notices, "_POLL_SECONDS", NEVER)
    monkeypatch.setattr(change_notices, "_DEAF_POLL_SECONDS", NEVER)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that happens from time to time happens often, and is given up soon."""
    monkeypatch.setattr(change_notices, "_POLL_SECONDS", 0.1)
    monkeypatch.setattr(change_notices, "_DEAF_POLL_SECONDS", 0.05)
    monkeypatch.setattr(notice_sender, "_PAUSE_AFTER_FAILURE_SECONDS", 0.01)
    monkeypatch.setattr(notice_sender, "_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(notice_listener, "_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(notice_listener, "_LONGEST_PAUSE_SECONDS", 0.1)


@pytest.mark.usefixtures("unpolled")
async def test_a_mutation_wakes_followers_in_another_process(
    database_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = make_environment(tmp_path_factory.mktemp("serve")) | {
        "DATABASE_URL": _address(database_url),
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_LOG_LEVEL": "WARNING",
    }
    served = serve(environment)
    _, address = await asyncio.to_thread(served.__enter__)
    try:
        async with _process(database_url) as here, httpx2.AsyncClient(base_url=address) as http:
            graphql = GraphQLClient(http)
            with here.changes.follow(1) as project:
                created = await graphql.record("createSession", "session { id }", sessionId="s")
                await _woken(project)
            session = decode(created["session"]["id"])
            assert session is not None
            with here.changes.follow(session[1]) as follower:
                await graphql.record("recordMessage", "replayed", session="s", role="USER")
                await _woken(follower)
            before = here._listener.received if here._listener else 0
            assert before >= 2
            figures = (await http.get("/metrics")).text
    finally:
        await asyncio.to_thread(served.__exit__, None, None, None)
    assert "sessiongraph_notices_heard 1.0" in figures
    assert "sessiongraph_notices_sent_total 2.0" in figures
    assert "sessiongraph_notices_received_total 0.0" in figures


@pytest.mark.usefixtures("unpolled")
async def test_many_mutations_are_few_notices(
    database_url: URL, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_sender, "_PAUSE_SECONDS", 0.1)
    async with _process(database_url) as here, _noted(database_url) as notices:

        async def mutate(number: int) -> UUID:
            context = Context(engine, 1, here.changes)
            answer = await record(
                context, "createSession", create_session, {"session_id": str(number)}
            )
            await record(
                context, "recordMessage", record_message, {"session": str(number), "role": "USER"}
            )
            session: UUID = answer["session"]
            return session

        sessions: list[UUID] = []
        for start in range(0, 500, 20):
            sessions += await asyncio.gather(*[mutate(start + each) for each in range(20)])
        await until(lambda: _topics(notices) >= {*sessions, 1})
    assert len(notices) < 250


@pytest.mark.usefixtures("unpolled")
async def test_what_was_not_changed_is_not_told(database_url: URL, engine: AsyncEngine) -> None:
    async with _process(database_url) as here, _noted(database_url) as notices:
        context = Context(engine, 1, here.changes)
        for _ in range(3):
            given = {"session_id": "once"}
            answer = await record(context, "createSession", create_session, given, "key")
        assert answer["replayed"]
        here._sender.beat()
        last = uuid4()
        await until(lambda: bool(notices))
        here.changes.tell([last])
        await until(lambda: last in _topics(notices))
    assert len(notices) == 2
    assert here._sender.sent == 2
    assert here._sender.sendings > 2


@pytest.mark.usefixtures("unpolled")
async def test_notices_are_short_however_many_topics_there_are(database_url: URL) -> None:
    async with (
        _process(database_url) as here,
        _process(database_url) as there,
        _noted(database_url) as notices,
    ):
        topics: list[Topic] = [uuid4() for _ in range(4_000)]
        with there.changes.follow(topics[0]) as first, there.changes.follow(topics[-1]) as last:
            here.changes.tell([*topics, 2**31 - 1])
            await asyncio.gather(_woken(first), _woken(last))
        await until(lambda: _topics(notices) == {*topics, 2**31 - 1})
        assert len(notices) < 15
        assert all(len(notice) < 8_000 for notice in notices)
        assert len({sender_of(notice) for notice in notices}) == 1
        notices.clear()
        with there.changes.follow(uuid4()) as any_other:
            here.changes.tell(uuid4() for _ in range(100_000))
            await _woken(any_other)
        await until(lambda: _topics(notices) == {EVERYTHING})


@pytest.mark.usefixtures("unpolled")
async def test_what_is_left_is_sent_at_the_end(database_url: URL) -> None:
    topic = uuid4()
    async with _process(database_url) as there:
        with there.changes.follow(topic) as follower:
            async with _process(database_url) as here:
                here.changes.tell([topic])
            await _woken(follower)


@pytest.mark.usefixtures("unpolled")
async def test_a_killed_connection_is_replaced_and_followers_are_woken(database_url: URL) -> None:
    topic = uuid4()
    async with _process(database_url) as here, _process(database_url) as there:
        with there.changes.follow(topic) as follower:
            assert await _end_listeners(database_url) == 2
            await _woken(follower)  # what was told meanwhile would be lost
            await until(lambda: here.is_heard and there.is_heard)
            here.changes.tell([topic])
            await _woken(follower)


@pytest.mark.usefixtures("unpolled")
async def test_a_restart_of_postgresql_is_outlived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice_sender, "_PAUSE_AFTER_FAILURE_SECONDS", 0.01)
    topic = uuid4()
    with tempfile.TemporaryDirectory(prefix="sessiongraph-notices-") as folder:
        Path(folder).chmod(0o755)
        postgres = KillablePostgres(Path(folder) / "store")
        await asyncio.to_thread(postgres.start)
        url = read_url(postgres.url)
        try:
            async with _process(url) as here, _process(url) as there:
                for restart in (postgres.restart, postgres.crash):
                    with there.changes.follow(topic) as follower:
                        await restart()
                        await _woken(follower)
                        here.changes.tell([topic])  # over a connection that has ended
                        await until(lambda: here.is_heard and there.is_heard)
                        await _woken(follower)
        finally:
            await asyncio.to_thread(postgres.stop)


@pytest.mark.usefixtures("often")
async def test_a_lost_notice_is_healed(database_url: URL) -> None:
    async with _process(database_url) as here:
        with here.changes.follow(uuid4()) as follower:
            for _ in range(3):  # though nobody tells anything
                await _woken(follower)
        assert here.is_heard


def test_a_lost_notice_delays_as_the_guide_promises() -> None:
    guides = Path(__file__).parents[2] / "docs" / "guides"
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
    async with database_proxy(database_url) as proxy, _noted(database_url) as notices:
        settings = SETTINGS.model_copy(update={"listen_url": _address(database_url)})
        with capture_logs() as logs:
            async with _process(proxy.url, settings) as here:
                proxy.speaks.clear()
                here.changes.tell([topic])
                await until(lambda: bool(logs))
                proxy.speaks.set()
                await until(lambda: topic in _topics(notices))
                await until(lambda: len(logs) > 1)
    assert logs[0]["event"] == "notices of changes not sent"
    assert logs[-1]["event"] == "notices of changes sent again"


@pytest.mark.usefixtures("often")
async def test_a_connection_that_says_nothing_is_given_up(database_url: URL) -> None:
    async with database_proxy(database_url) as proxy:
        settings = SETTINGS.model_copy(update={"listen_url": _address(proxy.url)})
        async with _process(database_url, settings) as here:
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
                    await _woken(follower)
            assert not notices.is_heard
    (warning,) = logs
    assert warning["log_level"] == "warning"
    assert "SESSIONGRAPH_LISTEN_URL" in warning["fix"]


@pytest.mark.usefixtures("often")
async def test_it_is_found_out_that_notices_do_not_arrive(
    database_url: URL, empty_database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = SETTINGS.model_copy(update={"listen_url": _address(empty_database_url)})
    await _assert_deaf(ChangeNotices(elsewhere, database_url), monkeypatch)


@pytest.mark.usefixtures("often")
async def test_nothing_is_heard_through_a_pooler(
    database_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    pooled = Settings(transaction_pooling=True)
    await _assert_deaf(ChangeNotices(pooled, database_url), monkeypatch)


def test_a_wrong_address_is_told() -> None:
    wrong: dict[str, Any] = {"listen_url": "http://localhost"}
    with pytest.raises(OperatorError, match="SESSIONGRAPH_LISTEN_URL must begin with postgresql"):
        ChangeNotices(Settings(**wrong), read_url("postgresql://localhost/x"))


@pytest.mark.usefixtures("unpolled")
async def test_strange_notices_wake_everyone(database_url: URL) -> None:
    connection = await asyncpg.connect(_address(database_url))
    async with _process(database_url) as here:
        for strange in ("a b", "a ", "a  1", "a " + "ß" * 22):
            with here.changes.follow(uuid4()) as follower:
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, strange)
                await _woken(follower)
        assert here.is_heard
    await connection.close()
