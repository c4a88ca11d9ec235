"""The server that bad requests are sent to: a real process, over a database of its own."""

import asyncio
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
from sqlalchemy.engine import URL

from models import Scope
from server.administration.api_keys import create_key
from server.administration.projects import create_project
from server.database import create_engine
from server.settings import Settings
from tests.conftest import new_name, run
from tests.hostile.raw_connection import exchange
from tests.hostile.request_bytes import write_request
from tests.invariants import digest_rows
from tests.server_process import COMMAND, READY_SECONDS

_AMPLE = 10**12
"""What a minute's allowance is in these tests, which send in seconds what should take hours."""
_STORE = """mutation {
  createAgent(input: {agentId: "agent", name: "Agent"}) { agent { id } }
  second: createAgent(input: {agentId: "second", name: "Agent"}) { agent { id } }
  createSession(input: {sessionId: "session", title: "answered", agent: "agent"}) {
    session { id }
  }
  other: createSession(input: {sessionId: "other"}) { session { id } }
  recordMessage(input: {session: "session", role: USER, content: "Hello"}) { message { id } }
  upsertModuleState(input: {session: "session", moduleId: "module", state: {a: 1}}) {
    moduleState { id }
  }
  createMemory(input: {type: "fact", content: 1}) { memory { id } }
}"""
_TOLD = re.compile(r"Sessiongraph: http://127\.0\.0\.1:(\d+)\s")


@dataclass
class HostileServer:
    """A server process and what there is in its store."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    url: URL
    places: dict[str, str]
    """What `{{...}}` stands for."""
    _read: int = 0

    def execute(self, document: str, **variables: Any) -> dict[str, Any]:
        """Run a document that must succeed."""
        members = {"query": document, "variables": variables}
        request = write_request(self.places["key"], members)
        answer = orjson.loads(exchange(self.port, request).body)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def check_point_read(self) -> None:
        """Fail unless a point read is answered, and right."""
        data = self.execute('{ session(id: "session") { sessionId title } }')
        assert data == {"session": {"sessionId": "session", "title": "answered"}}

    def new_log(self) -> str:
        """Give what was logged since the last call."""
        with self.log.open() as log:
            log.seek(self._read)
            written = log.read()
            self._read = log.tell()
        return written

    def resident_bytes(self) -> int:
        """Give the memory that the process has of the machine."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def open_connections(self) -> int:
        """Count the connections that clients have to the process."""
        connections = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == self.port
            for one in connections
        )

    def digest(self) -> dict[str, str | None]:
        """Digest all that is recorded; when a key was last used is not."""
        return asyncio.run(_digest(self.url))


async def _digest(url: URL) -> dict[str, str | None]:
    engine = create_engine(Settings(), url)
    digests = await digest_rows(engine)
    await engine.dispose()
    return {table: digest for table, digest in digests.items() if table != "api_keys"}


@contextmanager
def hostile_server(
    server_url: URL, template: str, folder: Path, **settings: object
) -> Iterator[HostileServer]:
    """Run a server process on a copy of a database; settings are given as `Settings` has them."""
    name = new_name("test")
    asyncio.run(run(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = server_url.set(database=name)
    try:
        key = asyncio.run(make_key(url, "default"))
        with _process(url, folder / "log", settings) as (process, port):
            server = HostileServer(process, port, folder / "log", url, {"key": key})
            _fill(server)
            yield server
    finally:
        asyncio.run(run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


async def make_key(url: URL, project: str) -> str:
    """Make a key that may do everything in a project."""
    engine = create_engine(Settings(), url)
    async with engine.begin() as connection:
        if project != "default":
            await create_project(connection, project)
        key = await create_key(connection, project, "hostile", [Scope.ADMIN])
    await engine.dispose()
    return key


@contextmanager
def _process(
    url: URL, log: Path, settings: dict[str, object]
) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    given = {
        "introspection": False,
        "max_cost_per_minute": _AMPLE,
        "max_new_document_characters_per_minute": _AMPLE,
        **settings,
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {
        **kept,
        "DATABASE_URL": url.set(drivername="postgresql").render_as_string(hide_password=False),
        **{f"SESSIONGRAPH_{name.upper()}": str(value) for name, value in given.items()},
    }
    # a file, since nobody reads a pipe while requests are sent
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", "0"], env=environment, stderr=stream
        )
    try:
        yield process, _wait_for_port(process, log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(READY_SECONDS)


def _wait_for_port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _TOLD.search(log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _fill(server: HostileServer) -> None:
    key = server.places["key"]
    prefix, _, secret = key.rpartition("_")
    made = server.execute(_STORE)
    pages = server.execute(
        """{ sessions(first: 1) { pageInfo { endCursor } }
        agents(first: 1) { pageInfo { endCursor } } }"""
    )
    cursor = pages["sessions"]["pageInfo"]["endCursor"]
    server.places |= {
        "memory": made["createMemory"]["memory"]["id"],
        "message": made["recordMessage"]["message"]["id"],
        "session": made["createSession"]["session"]["id"],
        "cursor": cursor,
        "short_cursor": cursor[:-4],
        "upper_cursor": cursor.upper(),
        "agent_cursor": pages["agents"]["pageInfo"]["endCursor"],
        "key_prefix": prefix,
        "wrong_key": f"{prefix}_{secret[::-1]}",
        "short_key": key[:-1],
        "upper_key": key.upper(),
    }
