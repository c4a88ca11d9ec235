"""The servers that are measured, each one process that reads the database at a given address."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

import psutil
from sqlalchemy.engine import URL

from bench.database import ROOT, address
from tests.server_process import COMMAND

_READY_SECONDS = 60
_PEERS = ROOT / "bench" / "peers"
_NODE = next(_PEERS.glob("node_modules/node-linux-*/bin/node"), Path("node"))
"""The one of package.json, which the newest peers need."""


@dataclass(frozen=True)
class Server:
    """How a server starts: its command with `{port}` in it, and the dialect it speaks."""

    command: tuple[str, ...]
    dialect: str
    environment: Mapping[str, str] = field(default_factory=dict)
    path: str = "/graphql"
    """With `{operation}` where each operation has an endpoint of its own."""


def _sessiongraph(**environment: str) -> Server:
    command = (str(COMMAND), "serve", "--port", "{port}", "--insecure")
    return Server(command, "sessiongraph", {"SESSIONGRAPH_LOG_LEVEL": "WARNING", **environment})


def _peer(name: str, dialect: str = "lists", **environment: str) -> Server:
    command = (str(_NODE), str(_PEERS / name / "server.js"))
    return Server(command, dialect, {"NODE_ENV": "production", **environment})


SERVERS = {
    "limit": Server((sys.executable, "-m", "bench.limit"), "lists", path="/{operation}"),
    "sessiongraph": _sessiongraph(),
    "plan off": _sessiongraph(SESSIONGRAPH_PLANS_QUERIES="false"),
    "mercurius": _peer("mercurius"),
    "postgraphile": _peer("postgraphile", "postgraphile", GRAPHILE_ENV="production"),
    "yoga": _peer("yoga"),
}


@dataclass(frozen=True)
class RunningServer:
    """A server that answers."""

    name: str
    server: Server
    process: psutil.Process
    address: str

    def address_of(self, operation: str) -> str:
        """Give the URL that an operation is posted to."""
        return self.address + self.server.path.format(operation=operation)

    @property
    def processor_seconds(self) -> float:
        """What its process took of the processors so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def wait_until_idle(self) -> None:
        """Wait until it has done what clients that are gone asked for."""
        while self.process.cpu_percent(interval=0.2) > 10:  # noqa: PLR2004  of one core
            pass


@contextmanager
def run(name: str, url: URL, extra: Mapping[str, str] | None = None) -> Iterator[RunningServer]:
    """Run a server until the block ends. Raises `RuntimeError` with its log if it does not start.

    `extra` goes into its environment.
    """
    server = SERVERS[name]
    port = _free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": address(url),
        "PGHOST": str(url.query["host"]),  # what libpq and node-postgres read
        "PGUSER": url.username or "",
        "PGDATABASE": url.database or "",
        "PORT": str(port),
        **server.environment,
        **(extra or {}),
    }
    command = [part.format(port=port) for part in server.command]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            if not _answers(process, port):
                log.seek(0)
                raise RuntimeError(f"{name} did not start:\n{log.read()}")
            yield RunningServer(
                name, server, psutil.Process(process.pid), f"http://127.0.0.1:{port}"
            )
        finally:
            process.terminate()
            try:
                process.wait(_READY_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _answers(process: "subprocess.Popen[bytes]", port: int) -> bool:
    deadline = monotonic() + _READY_SECONDS
    while process.poll() is None and monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            sleep(0.1)
        else:
            return True
    return False
