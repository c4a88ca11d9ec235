"""Followers are cut off while writers write and everything is killed: each sees all events once.

The form in `make test` is short; `make test-chaos` has more faults. Each prints its seed.
"""

import asyncio
import os
from random import Random
from time import monotonic

import httpx2
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database import create_engine, read_url
from server.settings import Settings
from tests.chaos.drawn import draw_random, split
from tests.chaos.event_follower import EventFollower
from tests.chaos.faults import Faults
from tests.chaos.followed_feed import (
    FollowedFeed,
    accesses_of,
    changes_of,
    feed_of_session,
    feed_of_tree,
)
from tests.chaos.killable_postgres import KillablePostgres, find_free_port
from tests.chaos.report import report, tell
from tests.chaos.restarted_server import RestartedServer, server_environment
from tests.chaos.retrying_writer import LONGEST_ANSWER_SECONDS, Progress, RetryingWriter
from tests.chaos.writer_mutations import WriterMutations, preparations

WRITERS = 20
FAULTS = int(os.environ.get("SESSIONGRAPH_TEST_FAULTS", "4"))
BETWEEN_FAULTS = 40
"""How many mutations are acknowledged after each fault: service has resumed."""
RESUMES_SECONDS = 60.0
CATCHES_UP_SECONDS = 60.0
"""Within which followers have seen everything, once nothing is written and nothing breaks."""
ROOTS = ("root 0", "root 1", "root 2")
PARENTS = {
    "child 0.0": "root 0",
    "child 0.1": "root 0",
    "grandchild 0.0.0": "child 0.0",
    "child 1.0": "root 1",
    "child 1.1": "root 1",
    "grandchild 1.1.0": "child 1.1",
}
SESSIONS = (*ROOTS, *PARENTS)


async def test_followers_see_each_event_once(postgres: KillablePostgres) -> None:
    random = draw_random()
    environment = server_environment(postgres.url)
    servers = [
        RestartedServer(environment, find_free_port()),
        RestartedServer({**environment, "SESSIONGRAPH_PLANS_QUERIES": "false"}, find_free_port()),
    ]
    progress = Progress()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=WRITERS)
    engine = create_engine(Settings(statement_timeout_seconds=300), read_url(postgres.url))
    async with httpx2.AsyncClient(limits=limits, timeout=LONGEST_ANSWER_SECONDS) as http:
        faults = Faults(postgres, servers, http, random, progress)
        try:
            await asyncio.gather(*[server.start() for server in servers])
            await _run(faults, engine)
        finally:
            await engine.dispose()
            await asyncio.gather(*[server.drain() for server in servers])
            report(progress, servers)
    for server in servers:
        assert server.faults() == []


async def _run(faults: Faults, engine: AsyncEngine) -> None:
    random, http, progress = faults.random, faults.http, faults.progress
    addresses = [server.address for server in faults.servers]
    preparing, *writers = [
        RetryingWriter(name, addresses, split(random), http, progress)
        for name in ("preparing", *(f"writer {number}" for number in range(WRITERS)))
    ]
    made = [await preparing.record(each) for each in preparations(SESSIONS, PARENTS)]
    memories = [answer["memory"]["id"] for answer in made if "memory" in answer]
    followers = [
        EventFollower(feed, addresses, split(random), http, progress)
        for feed in _feeds(random, memories)
    ]
    async with asyncio.TaskGroup() as group:
        following = [group.create_task(follower.run()) for follower in followers]
        await _record_through(faults, writers, memories)
        started = monotonic()
        async with asyncio.timeout(CATCHES_UP_SECONDS):
            for follower in followers:
                await follower.check(engine)
        tell(f"{sum(len(each.events) for each in followers)} events were followed")
        tell(f"all of them {monotonic() - started:.1f} s after the last was written")
        for task in following:
            task.cancel()


def _feeds(random: Random, memories: list[str]) -> list[FollowedFeed]:
    return [
        *[feed_of_session(session) for session in SESSIONS],
        *[feed_of_tree(root, random.choice(_members(root))) for root in ROOTS],
        changes_of("sessions", "session"),
        changes_of("confirmations", "confirmation"),
        *[accesses_of(memory) for memory in memories[:2]],
    ]


def _members(root: str) -> list[str]:
    return [each for each in SESSIONS if each.partition(" ")[2][0] == root.partition(" ")[2]]


async def _record_through(
    faults: Faults, writers: list[RetryingWriter], memories: list[str]
) -> None:
    """Record while everything goes wrong, and then what was begun."""
    kinds = [
        faults.database_restarts,
        faults.database_is_killed,
        faults.server_is_killed,
        faults.server_is_drained,
    ]
    async with asyncio.TaskGroup() as group:
        for writer in writers:
            mutations = WriterMutations(writer.name, split(faults.random), memories)
            mutations.sessions = SESSIONS
            group.create_task(writer.run(mutations))
        await _resumes(faults.progress)
        for fault in faults.schedule(FAULTS, kinds if len(kinds) >= FAULTS else None):
            started = monotonic()
            await fault()
            over = monotonic()
            await _resumes(faults.progress)
            tell(f"{fault.__name__}: {over - started:.1f} s, and {monotonic() - over:.1f} s")
        faults.progress.is_over = True


async def _resumes(progress: Progress) -> None:
    async with asyncio.timeout(RESUMES_SECONDS):
        await progress.wait_for(BETWEEN_FAULTS)
