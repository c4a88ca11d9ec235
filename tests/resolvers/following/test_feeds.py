"""Followers that go, and those whom they shared a read with."""

import asyncio
from asyncio import create_task
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.following.memory_access import follow_memory_accesses
from resolvers.following.project_changes import SESSION_CHANGES, follow_changes
from resolvers.following.session_event import follow_session_events
from resolvers.following.shared_reads import shared_reads
from tests.graphql_client import GraphQLClient

Follow = Callable[[Context, dict[str, str]], Awaitable[AsyncGenerator[Any, None]]]

FOLLOWS: list[Follow] = [
    lambda context, _made: follow_session_events(context, session="s", after=0),
    lambda context, _made: follow_session_events(context, session="s", tree=True, after=0),
    lambda context, _made: follow_changes(context, SESSION_CHANGES, None, 0),
    lambda context, made: follow_memory_accesses(context, memory=made["memory"], after=0),
]


@pytest.fixture
async def made(graphql: GraphQLClient) -> dict[str, str]:
    """A session with its first event, and a memory with its first use."""
    await graphql.record("createSession", "replayed", sessionId="s")
    created = await graphql.record("createMemory", "memory { id }", type="fact", content={"a": 1})
    memory = created["memory"]["id"]
    await graphql.record("recordMemoryAccess", "replayed", memory=memory, accessType="READ")
    return {"memory": memory}


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_who_goes_is_told_nothing_any_more(
    engine: AsyncEngine, made: dict[str, str], follow: Follow
) -> None:
    context = Context(engine, 1, Changes())
    following = await follow(context, made)
    await anext(following)
    assert context.changes.is_followed
    await following.aclose()
    assert not context.changes.is_followed


@pytest.mark.parametrize("follow", FOLLOWS)
async def test_who_is_cancelled_is_told_nothing_any_more(
    engine: AsyncEngine, made: dict[str, str], follow: Follow
) -> None:
    context = Context(engine, 1, Changes())
    following = await follow(context, made)
    await anext(following)

    async def wait_for_more() -> None:
        async for _ in following:
            pass

    waiting = create_task(wait_for_more())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert not context.changes.is_followed


class _Slow:
    """Fetches when it is told to."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.proceed = asyncio.Event()

    async def fetch(
        self, _connection: AsyncConnection, _project_id: int, keys: Sequence[int]
    ) -> list[int]:
        self.begun.set()
        await self.proceed.wait()
        return list(keys)


async def test_who_goes_takes_no_shared_read_with_them(engine: AsyncEngine) -> None:
    reads, slow = shared_reads(engine), _Slow()
    first, *others = [create_task(reads.load(1, slow, key)) for key in (1, 1, 2)]
    await slow.begun.wait()
    first.cancel()
    await asyncio.wait({first})
    slow.proceed.set()
    assert [await each for each in others] == [1, 2]
    assert first.cancelled()
