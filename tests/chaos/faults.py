"""What goes wrong, and what must be true of the servers meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import TypeAlias

import httpx2

from tests.chaos.killable_postgres import KillablePostgres
from tests.chaos.restarted_server import RestartedServer
from tests.chaos.retrying_writer import Progress
from tests.chaos.writer_mutations import DRAINED, SESSIONS

Fault: TypeAlias = Callable[[], Awaitable[None]]

_ANSWERED_SECONDS = 15.0
"""Within which requests are refused and servers are ready again, however busy this machine is."""
_UNDER_WAY = 4
_RECORD_EVENT = """
    mutation ($session: ID!, $type: String!) {
        createSessionEvent(input: {session: $session, eventType: $type}) { sessionEvent { id } }
    }"""
_COUNT_WAITING = """
    WITH RECURSIVE waiting (pid) AS (
        SELECT pg_backend_pid() UNION SELECT l.pid FROM pg_locks l
        JOIN waiting w ON w.pid = ANY (pg_blocking_pids(l.pid)) WHERE NOT l.granted)
    SELECT count(*) - 1 FROM waiting"""
"""How many wait for a lock of this connection, or behind one who does."""


@dataclass(frozen=True)
class Faults:
    """Breaks the database and the servers, one fault at a time."""

    postgres: KillablePostgres
    servers: list[RestartedServer]
    http: httpx2.AsyncClient
    random: Random
    progress: Progress

    @property
    def kinds(self) -> list[Fault]:
        return [
            self.database_restarts,
            self.database_is_killed,
            self.database_ends_connections,
            self.database_is_away,
            self.database_is_silent,
            self.server_is_killed,
            self.server_is_drained,
            self.server_and_database_are_killed,
            self.both_servers_are_killed,
        ]

    def schedule(self, count: int, kinds: Sequence[Fault] | None = None) -> list[Fault]:
        """Draw faults, of all kinds or some, each kind once before any comes again."""
        kinds = kinds or self.kinds
        drawn: list[Fault] = []
        while len(drawn) < count:
            drawn += self.random.sample(kinds, len(kinds))
        return drawn[:count]

    def _any_server(self) -> RestartedServer:
        return self.random.choice(self.servers)

    async def database_restarts(self) -> None:
        await self.postgres.restart()

    async def database_is_killed(self) -> None:
        await self.postgres.crash()

    async def database_ends_connections(self) -> None:
        for _ in range(self.random.randint(1, 3)):
            await self.postgres.end_connections()
            await self.progress.wait_for(5)

    async def server_is_killed(self) -> None:
        server = self._any_server()
        await server.kill()
        await server.start()

    async def both_servers_are_killed(self) -> None:
        await asyncio.gather(*[server.kill() for server in self.servers])
        await asyncio.gather(*[server.start() for server in self.servers])

    async def server_and_database_are_killed(self) -> None:
        server = self._any_server()
        await asyncio.gather(server.kill(), asyncio.to_thread(self.postgres.kill))
        starting = asyncio.create_task(server.start())  # while there is no database
        await asyncio.to_thread(self.postgres.start)
        await starting

    async def database_is_away(self) -> None:
        await asyncio.to_thread(self.postgres.stop)
        await self._see_unavailable()
        await asyncio.to_thread(self.postgres.start)
        await self._see_ready()

    async def database_is_silent(self) -> None:
        await asyncio.to_thread(self.postgres.freeze)
        try:
            await self._see_unavailable()
        finally:
            await asyncio.to_thread(self.postgres.thaw)
        await self._see_ready()

    async def _see_unavailable(self) -> None:
        """See that all requests are refused in time: some of each kind on each server at once."""
        documents = [
            "{ sessions(first: 1) { nodes { id } } }",
            "{ sessions(first: 1) { totalCount nodes { treeUsage { sessionCount } } } }",
            _RECORD_EVENT,
        ]
        requests = [
            self._see_refused(server, document)
            for server in self.servers
            for document in documents * 5
        ]
        started = monotonic()
        async with asyncio.timeout(_ANSWERED_SECONDS):
            await asyncio.gather(
                *requests, *[self._see_readiness(server, 503) for server in self.servers]
            )
        self.progress.seen[f"refused within {monotonic() - started:.0f} s"] += 1

    async def _see_refused(self, server: RestartedServer, document: str) -> None:
        variables = {"session": SESSIONS[0], "type": "refused"}
        body = {"query": document, "variables": variables if "$session" in document else {}}
        reply = await self.http.post(f"{server.address}/graphql", json=body)
        (error,) = reply.json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE", error

    async def _see_readiness(self, server: RestartedServer, status: int) -> None:
        health = await self.http.get(f"{server.address}/healthz")
        assert health.status_code == 200
        started = monotonic()
        while monotonic() - started < _ANSWERED_SECONDS:
            answer = await self.http.get(f"{server.address}/readyz")
            if answer.status_code == status:
                return
        raise AssertionError(answer.json())

    async def _see_ready(self) -> None:
        await asyncio.gather(*[self._see_readiness(server, 200) for server in self.servers])

    async def server_is_drained(self) -> None:
        """Stop a server while requests wait for a lock: they are answered before its end."""
        server = self._any_server()
        variables = {"session": DRAINED, "type": "drained"}
        body = {"query": _RECORD_EVENT, "variables": variables}
        async with self.postgres.connection() as connection:
            async with connection.transaction():
                await connection.execute(
                    "SELECT FROM sessions WHERE session_id = $1 FOR UPDATE", DRAINED
                )
                requests = [
                    asyncio.create_task(self.http.post(f"{server.address}/graphql", json=body))
                    for _ in range(_UNDER_WAY)
                ]
                waiting = 0
                while waiting < _UNDER_WAY:
                    waiting = await connection.fetchval(_COUNT_WAITING)
                draining = asyncio.create_task(server.drain())
                await _until_closed(server)
                assert not any(request.done() for request in requests)
            for answer in await asyncio.gather(*requests):
                assert answer.json()["data"]["createSessionEvent"]["sessionEvent"]["id"]
        await draining
        await server.start()


async def _until_closed(server: RestartedServer) -> None:
    """Wait until a server takes no more connections."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        except OSError:
            return
        writer.close()
        await asyncio.sleep(0.01)
