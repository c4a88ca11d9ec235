"""Events that show late and out of order, and a follower of their tree that misses none."""

from asyncio import TaskGroup, create_task, sleep, timeout
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from models import Session
from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.following import settled_positions
from resolvers.following.feeds import TREE_FEED, follow
from resolvers.following.settled_positions import SettledPositions
from resolvers.identifiers import decode_as, table_of
from tests.graphql_client import GraphQLClient
from tests.statements import recorded_statements

WRITERS = 12
ACTS = 400
LONGEST_SECONDS = 60
_WRITE = """
    INSERT INTO session_events
        (project_id, id, session_id, root_id, sequence, event_type, created_at)
    SELECT 1, gen_random_uuid(), :session, :root,
        (SELECT count(*) + 1 FROM session_events WHERE session_id = :session),
        'own', now()
    RETURNING position"""
_IN_ORDER = "SELECT position FROM session_events WHERE root_id = :root ORDER BY position"


@dataclass
class Writer:
    """Writes events of a session of its own, in transactions that end when they are told to."""

    connection: AsyncConnection
    session: UUID
    root: UUID
    written: int = 0
    """Of the transaction that is open."""
    positions: list[int] = field(default_factory=list)

    async def write(self) -> int:
        """Take a position that nobody else sees yet."""
        given = {"session": self.session, "root": self.root}
        position: int = (await self.connection.execute(text(_WRITE), given)).scalar_one()
        self.written += 1
        return position

    async def commit(self) -> None:
        await self.connection.commit()
        self.written = 0

    async def roll_back(self) -> None:
        await self.connection.rollback()
        self.written = 0


@dataclass
class Tree:
    """A tree of sessions, and how they are written to."""

    engine: AsyncEngine
    root: UUID
    sessions: list[UUID]

    @asynccontextmanager
    async def writers(self, number: int) -> AsyncIterator[list[Writer]]:
        async with AsyncExitStack() as stack:
            yield [
                Writer(await stack.enter_async_context(self.engine.connect()), session, self.root)
                for session in self.sessions[:number]
            ]

    async def positions(self) -> list[int]:
        async with self.engine.connect() as connection:
            return list(await connection.scalars(text(_IN_ORDER), {"root": self.root}))


@pytest.fixture
async def tree(graphql: GraphQLClient, engine: AsyncEngine) -> Tree:
    ids = []
    for number in range(WRITERS):
        made = await graphql.record(
            "createSession",
            "session { id }",
            sessionId=str(number),
            parent="0" if number else None,
        )
        ids.append(decode_as(table_of(Session), made["session"]["id"], "id"))
    return Tree(engine, ids[0], ids)


@pytest.mark.parametrize("seed", range(3))
async def test_a_follower_misses_nothing_that_commits_late(tree: Tree, seed: int) -> None:
    random = Random(seed)  # noqa: S311  repeats the run
    changes = Changes()
    seen: list[int] = []

    async def read() -> None:
        context = Context(tree.engine, 1, changes)
        async with aclosing(follow(context, TREE_FEED, tree.root, 0)) as pages:
            async for rows in pages:
                seen.extend(row.position for row in rows)

    async with TaskGroup() as group, timeout(LONGEST_SECONDS), tree.writers(WRITERS) as writers:
        reading = group.create_task(read())
        for _ in range(ACTS):
            writer = random.choice(writers)
            if writer.written < random.randrange(1, 4):
                await writer.write()
            else:
                await random.choice([writer.commit, writer.commit, writer.roll_back])()
                changes.tell([tree.root])
        for writer in random.sample(writers, len(writers)):
            await writer.commit()
            changes.tell([tree.root])
        expected = await tree.positions()
        while len(seen) < len(expected):
            changes.wake_all()  # as is done every few seconds, for who was not patient enough
            await sleep(0.01)
        reading.cancel()
    assert len(expected) > ACTS / 4
    assert seen == expected


async def test_who_writes_no_events_holds_up_nobody(tree: Tree) -> None:
    positions = SettledPositions(tree.engine)
    async with tree.engine.connect() as other, tree.writers(1) as (writer,):
        await other.execute(text("SELECT FROM session_events FOR UPDATE"))
        await other.execute(text("UPDATE sessions SET purpose = 'p'"))
        reached = await writer.write()
        await writer.commit()
        await _until(positions, reached)


async def test_a_slow_writer_delays_and_loses_nothing(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled_positions, "_PATIENCE_SECONDS", 0.05)
    positions = SettledPositions(tree.engine)
    begun = await positions.last()
    await _until(positions, begun)
    async with tree.writers(2) as (slow, quick):
        await slow.write()
        await quick.write()
        await quick.commit()
        assert await positions.settled() == begun
        await slow.commit()
        await _until(positions, await positions.last())


async def test_it_goes_on_where_someone_always_writes_slowly(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled_positions, "_PATIENCE_SECONDS", 0.05)
    positions = SettledPositions(tree.engine)
    async with tree.writers(WRITERS) as writers:
        before = writers[0]
        reached = await before.write()
        for writer in writers[1:]:
            assert await positions.settled() < reached
            after = await writer.write()
            await before.commit()
            await _until(positions, reached)
            before, reached = writer, after


async def _until(positions: SettledPositions, reached: int) -> None:
    async with timeout(LONGEST_SECONDS):
        while await positions.settled() < reached:
            pass


async def test_who_asks_at_the_same_time_shares_a_look(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settled_positions, "_PATIENCE_SECONDS", LONGEST_SECONDS)
    positions = SettledPositions(tree.engine)
    async with tree.writers(1) as (writer,):
        reached = await writer.write()
        await writer.commit()
        async with recorded_statements(tree.engine) as sent:
            asking = [create_task(positions.settled()) for _ in range(100)]
            await sleep(0)
            asking[0].cancel()
            assert {await each for each in asking[1:]} == {reached}
    assert asking[0].cancelled()
    assert len(sent) == 2
