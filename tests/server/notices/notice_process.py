"""The notices of a process as tests see them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy.engine import URL

from resolvers.changes import Follower, Topic
from server.notices import change_notices
from server.notices.change_notices import ChangeNotices
from server.notices.payloads import CHANNEL, read_topics
from server.settings import Settings
from tests.waiting import IN_TIME, until

NEVER = 3600.0
SETTINGS = Settings()


async def woken(follower: Follower) -> None:
    async with asyncio.timeout(IN_TIME):
        await follower.wait()


@asynccontextmanager
async def notice_process(url: URL, settings: Settings = SETTINGS) -> AsyncIterator[ChangeNotices]:
    """The notices of a process, once it hears those of others."""
    made = ChangeNotices(settings, url)
    async with made.exchanged():
        await until(lambda: made.is_heard)
        yield made


@asynccontextmanager
async def noted(url: URL) -> AsyncIterator[list[str]]:
    """The notices that PostgreSQL passes on, but for heartbeats."""
    notices: list[str] = []

    def note(_connection: object, _sender: int, _channel: str, payload: object) -> None:
        if " " in str(payload):
            notices.append(str(payload))

    connection = await asyncpg.connect(address_of(url))
    await connection.add_listener(CHANNEL, note)
    try:
        yield notices
    finally:
        await connection.close()


def address_of(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def topics_of(notices: list[str]) -> set[Topic]:
    return {topic for notice in notices for topic in read_topics(notice)}


def poll_never(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let followers be woken by notices alone."""
    monkeypatch.setattr(change_notices, "_POLL_SECONDS", NEVER)
    monkeypatch.setattr(change_notices, "_DEAF_POLL_SECONDS", NEVER)
