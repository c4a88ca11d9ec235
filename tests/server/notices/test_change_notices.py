"""Notices of changes between processes, through a real PostgreSQL."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.changes import EVERYTHING, Topic
from resolvers.context import Context
from resolvers.identifiers import decode
from resolvers.message import record_message
from resolvers.session import create_session
from resolvers.transaction import record
from server.database import read_url
from server.notices import sender
from server.notices.change_notices import ChangeNotices
from server.notices.payloads import CHANNEL, sender_of
from server.operator_error import OperatorError
from server.settings import Settings
from tests.graphql_client import GraphQLClient
from tests.server.notices.notice_process import (
    address_of,
    noted,
    notice_process,
    poll_never,
    topics_of,
    woken,
)
from tests.server_process import make_environment, serve
from tests.waiting import until


@pytest.fixture
def unpolled(monkeypatch: pytest.MonkeyPatch) -> None:
    poll_never(monkeypatch)


@pytest.mark.usefixtures("unpolled")
async def test_a_mutation_wakes_followers_in_another_process(
    database_url: URL, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = make_environment(tmp_path_factory.mktemp("serve")) | {
        "DATABASE_URL": address_of(database_url),
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_LOG_LEVEL": "WARNING",
    }
    served = serve(environment)
    _, address = await asyncio.to_thread(served.__enter__)
    try:
        async with (
            notice_process(database_url) as here,
            httpx2.AsyncClient(base_url=address) as http,
        ):
            graphql = GraphQLClient(http)
            with here.changes.follow(1) as project:
                created = await graphql.record("createSession", "session { id }", sessionId="s")
                await woken(project)
            session = decode(created["session"]["id"])
            assert session is not None
            with here.changes.follow(session[1]) as follower:
                await graphql.record("recordMessage", "replayed", session="s", role="USER")
                await woken(follower)
            assert here._listener is not None
            assert here._listener.received == 2
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
    monkeypatch.setattr(sender, "_PAUSE_SECONDS", 0.1)
    async with notice_process(database_url) as here, noted(database_url) as notices:

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
        await until(lambda: topics_of(notices) >= {*sessions, 1})
    assert len(notices) < 250


@pytest.mark.usefixtures("unpolled")
async def test_what_was_not_changed_is_not_told(database_url: URL, engine: AsyncEngine) -> None:
    async with notice_process(database_url) as here, noted(database_url) as notices:
        context = Context(engine, 1, here.changes)
        for _ in range(3):
            given = {"session_id": "once"}
            answer = await record(context, "createSession", create_session, given, "key")
        assert answer["replayed"]
        here._sender.beat()
        last = uuid4()
        await until(lambda: bool(notices))
        here.changes.tell([last])
        await until(lambda: last in topics_of(notices))
    assert len(notices) == 2
    assert here._sender.sent == 2
    assert here._sender.sendings > 2


@pytest.mark.usefixtures("unpolled")
async def test_notices_are_short_however_many_topics_there_are(database_url: URL) -> None:
    async with (
        notice_process(database_url) as here,
        notice_process(database_url) as there,
        noted(database_url) as notices,
    ):
        topics: list[Topic] = [uuid4() for _ in range(4_000)]
        with there.changes.follow(topics[0]) as first, there.changes.follow(topics[-1]) as last:
            here.changes.tell([*topics, 2**31 - 1])
            await asyncio.gather(woken(first), woken(last))
        await until(lambda: topics_of(notices) == {*topics, 2**31 - 1})
        assert len(notices) < 15
        assert all(len(notice) < 8_000 for notice in notices)
        assert len({sender_of(notice) for notice in notices}) == 1
        notices.clear()
        with there.changes.follow(uuid4()) as any_other:
            here.changes.tell(uuid4() for _ in range(100_000))
            await woken(any_other)
        await until(lambda: topics_of(notices) == {EVERYTHING})


@pytest.mark.usefixtures("unpolled")
async def test_what_is_left_is_sent_at_the_end(database_url: URL) -> None:
    topic = uuid4()
    async with notice_process(database_url) as there:
        with there.changes.follow(topic) as follower:
            async with notice_process(database_url) as here:
                here.changes.tell([topic])
            await woken(follower)


def test_a_wrong_address_is_told() -> None:
    wrong: dict[str, Any] = {"listen_url": "http://localhost"}
    with pytest.raises(OperatorError, match="SESSIONGRAPH_LISTEN_URL must begin with postgresql"):
        ChangeNotices(Settings(**wrong), read_url("postgresql://localhost/x"))


@pytest.mark.usefixtures("unpolled")
async def test_strange_notices_wake_everyone(database_url: URL) -> None:
    connection = await asyncpg.connect(address_of(database_url))
    async with notice_process(database_url) as here:
        for strange in ("a b", "a ", "a  1", "a " + "ß" * 22):
            with here.changes.follow(uuid4()) as follower:
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, strange)
                await woken(follower)
        assert here.is_heard
    await connection.close()
