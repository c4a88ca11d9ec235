"""Writers retry with their keys while databases and servers are killed: nothing is lost or doubled.

The form in `make test` is short; `make test-chaos` has more faults. Each prints its seed, by which
SESSIONGRAPH_TEST_SEED draws the same mutations and faults again.
"""

import asyncio
import os
from random import Random
from time import monotonic

import httpx2
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from server.database import create_engine, read_url
from server.settings import Settings
from tests.chaos.acknowledged_records import check_acknowledged, check_patches
from tests.chaos.drawn import draw_random, split
from tests.chaos.faults import Faults
from tests.chaos.feed_follower import FeedFollower
from tests.chaos.killable_postgres import KillablePostgres, find_free_port
from tests.chaos.report import report, tell
from tests.chaos.restarted_server import RestartedServer, server_environment
from tests.chaos.retrying_writer import LONGEST_ANSWER_SECONDS, Progress, RetryingWriter
from tests.chaos.writer_mutations import SESSIONS, WriterMutations, preparations
from tests.invariants import check_invariants

WRITERS = 32
SERVERS = 2
FAULTS = int(os.environ.get("SESSIONGRAPH_TEST_FAULTS", "9"))
BETWEEN_FAULTS = 100
"""How many mutations are acknowledged after each fault: service has resumed."""
RESUMES_SECONDS = 60.0
REPEATED_AT_THE_END = 100
"""How many mutations of each writer are sent again when all is over."""


async def test_nothing_is_lost_or_doubled(postgres: KillablePostgres) -> None:
    random = draw_random()
    environment = server_environment(postgres.url)
    servers = [RestartedServer(environment, find_free_port()) for _ in range(SERVERS)]
    progress = Progress()
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=WRITERS)
    engine = create_engine(Settings(statement_timeout_seconds=300), read_url(postgres.url))
    async with httpx2.AsyncClient(limits=limits, timeout=LONGEST_ANSWER_SECONDS) as http:
        faults = Faults(postgres, servers, http, random, progress)
        run = _Run(servers, http, random, progress)
        try:
            # on an empty database, which both migrate
            await asyncio.gather(*[server.start() for server in servers])
            await run.prepare()
            started = monotonic()
            await run.record_through(faults)
            tell(f"{FAULTS} faults in {monotonic() - started:.0f} s")
            await run.check(engine)
        finally:
            await engine.dispose()
            await asyncio.gather(*[server.drain() for server in servers])
            report(progress, servers)
    for server in servers:
        assert server.faults() == []


class _Run:
    """The clients of a run, and what they were told."""

    def __init__(
        self,
        servers: list[RestartedServer],
        http: httpx2.AsyncClient,
        random: Random,
        progress: Progress,
    ) -> None:
        self._progress = progress
        addresses = [server.address for server in servers]
        names = ["preparing", *(f"writer {number}" for number in range(WRITERS))]
        self._preparing, *self._writers = [
            RetryingWriter(name, addresses, split(random), http, progress) for name in names
        ]
        self._mutations = [WriterMutations(each.name, split(random)) for each in self._writers]
        self._followers = [
            FeedFollower(session, addresses, split(random), http, progress) for session in SESSIONS
        ]

    async def prepare(self) -> None:
        """Record what all share."""
        made = [await self._preparing.record(mutation) for mutation in preparations()]
        memories = [answer["memory"]["id"] for answer in made if "memory" in answer]
        for mutations in self._mutations:
            mutations.memories = memories

    async def record_through(self, faults: Faults) -> None:
        """Record while everything goes wrong, and then what was begun."""
        async with asyncio.TaskGroup() as group:
            for writer, mutations in zip(self._writers, self._mutations, strict=True):
                group.create_task(writer.run(mutations))
            for follower in self._followers:
                group.create_task(follower.run())
            await self._resumes()
            for fault in faults.schedule(FAULTS):
                started = monotonic()
                await fault()
                over = monotonic()
                await self._resumes()
                tell(
                    f"{fault.__name__}: {over - started:.1f} s, and {monotonic() - over:.1f} s"
                    f" until {BETWEEN_FAULTS} more were acknowledged"
                )
            self._progress.is_over = True

    async def _resumes(self) -> None:
        async with asyncio.timeout(RESUMES_SECONDS):
            await self._progress.wait_for(BETWEEN_FAULTS)

    async def check(self, engine: AsyncEngine) -> None:
        """Compare what was acknowledged with what is there."""
        clients = [self._preparing, *self._writers]
        await asyncio.gather(*[_repeat_some(client) for client in clients])
        acknowledged = [one for client in clients for one in client.acknowledged]
        await check_acknowledged(engine, acknowledged)
        await check_patches(engine, {each.name: each.patches for each in self._mutations})
        async with engine.begin() as connection:
            # for the counts over all there is, which a store is never asked for
            await connection.execute(text("CREATE INDEX ON session_events (subject_id)"))
        await check_invariants(engine)
        for follower in self._followers:
            await follower.read_to_the_end()
            await follower.check(engine)


async def _repeat_some(client: RetryingWriter) -> None:
    known = client.acknowledged
    for one in client.random.sample(known, min(len(known), REPEATED_AT_THE_END)):
        await client.repeat(one)
