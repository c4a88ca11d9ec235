"""A PostgreSQL of a test's own, which it may stop, kill and freeze."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from random import SystemRandom
from time import sleep

import asyncpg
import psutil

from server.embedded_postgres import embedded_postgres

_PORTS = range(20_000, 32_000)
"""Below those that systems give to clients, one of which could take it while PostgreSQL is away."""


def find_free_port() -> int:
    """Find a port that a server can take again each time it is started."""
    while True:
        port = SystemRandom().choice(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class KillablePostgres:
    """The embedded PostgreSQL, on a port and a directory that it keeps. What is committed is safe.

    Its methods block until it is so.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = find_free_port()
        self._running = ExitStack()
        self.url = f"postgresql://postgres@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start it, or recover what a kill left."""
        parameters = {"listen_addresses": "127.0.0.1", "port": str(self._port)}
        self._running.enter_context(embedded_postgres(self._directory, parameters))

    def stop(self) -> None:
        """Stop it in good order, which ends all connections."""
        self._running.close()

    def kill(self) -> None:
        """Kill all its processes."""
        processes = self._processes()
        for process in processes:
            process.kill()
        while any(_is_alive(process) for process in processes):
            sleep(0.01)  # they are not our children
        self._running.close()

    def freeze(self) -> None:
        """Halt all its processes: connections stay open, and new ones are taken by the system."""
        self._processes()

    def thaw(self) -> None:
        """Let the processes go on."""
        postmaster = self._postmaster()
        for process in (postmaster, *postmaster.children(recursive=True)):
            process.resume()

    def _postmaster(self) -> psutil.Process:
        file = self._directory / "postgres" / "postmaster.pid"
        return psutil.Process(int(file.read_text().split()[0]))

    def _processes(self) -> list[psutil.Process]:
        """Halt and give its processes: the first one first, so that it makes no more of them."""
        postmaster = self._postmaster()
        postmaster.suspend()
        others = postmaster.children(recursive=True)
        for process in others:
            process.suspend()
        return [postmaster, *others]

    @asynccontextmanager
    async def connection(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Connect beside the servers."""
        connection = await asyncpg.connect(self.url, server_settings={"application_name": "chaos"})
        try:
            yield connection
        finally:
            await connection.close()

    async def end_connections(self) -> int:
        """End all connections of the servers, and say how many there were."""
        async with self.connection() as connection:
            return len(
                await connection.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'sessiongraph'"
                )
            )

    async def restart(self) -> None:
        """Stop it and start it again."""
        await asyncio.to_thread(self.stop)
        await asyncio.to_thread(self.start)

    async def crash(self) -> None:
        """Kill it and start it again."""
        await asyncio.to_thread(self.kill)
        await asyncio.to_thread(self.start)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
