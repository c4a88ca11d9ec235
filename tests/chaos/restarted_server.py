"""`sessiongraph serve` on a port that it keeps, and a supervisor that starts it again."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections import Counter
from dataclasses import dataclass, field

from tests.server_process import COMMAND

DATABASE_TIMEOUT_SECONDS = 2.0
"""The servers' setting, below the default so that the test is quick."""
_LINE_BYTES = 2**24
_NO_DATABASE = "sessiongraph: No database answers at "
_MIGRATION_BROKEN = "sessiongraph: The migration failed and changed nothing: "


def server_environment(database_url: str) -> dict[str, str]:
    """Give the settings of a server that asks for no key."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "SESSIONGRAPH_INSECURE": "true",
        "SESSIONGRAPH_LOG_LEVEL": "WARNING",
        "SESSIONGRAPH_DATABASE_TIMEOUT_SECONDS": str(DATABASE_TIMEOUT_SECONDS),
    }


@dataclass
class RestartedServer:
    """A server process, and the next one after its end. `log` is what all of them wrote."""

    environment: dict[str, str]
    port: int
    log: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    """How often a process ended, by how."""
    _process: Process | None = None
    _reading: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that is running."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it; as often as it takes while there is no database."""
        while True:
            if await self._start():
                return
            last = self.log[-1]
            assert last.startswith((_NO_DATABASE, _MIGRATION_BROKEN)), last
            self.ends["no database at its start"] += 1

    async def _start(self) -> bool:
        self._process = await asyncio.create_subprocess_exec(
            COMMAND,
            *("serve", "--port", str(self.port)),
            env=self.environment,
            stderr=PIPE,
            limit=_LINE_BYTES,
        )
        serves: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(self._process, serves))
        return await serves

    async def _read(self, process: Process, serves: asyncio.Future[bool]) -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            self.log.append(line.decode().rstrip("\n"))
            if self.log[-1].startswith("Sessiongraph: "):
                serves.set_result(True)
        if not serves.done():
            serves.set_result(False)

    async def kill(self) -> None:
        """Kill it."""
        assert await self._end(signal.SIGKILL) == -signal.SIGKILL
        self.ends["killed"] += 1

    async def drain(self) -> None:
        """Tell it to stop, and see that it does in good order."""
        assert await self._end(signal.SIGTERM) == 0
        self.ends["drained"] += 1

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        assert self._reading is not None
        self._process.send_signal(number)
        await self._reading
        return await self._process.wait()

    def faults(self) -> list[str]:
        """Give the lines of the log that tell of something that must not be."""
        marks = ("Traceback", "internal error", '"level":"error"', '"level":"critical"')
        return [line for line in self.log if any(mark in line for mark in marks)]
