"""A real server, and a project of its own in it for each test."""

import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sessiongraph_client import SessiongraphClient

_ROOT = Path(__file__).parents[2]
_PYTHON = str(_ROOT / ".venv" / "bin" / "python")
_COMMAND = str(_ROOT / ".venv" / "bin" / "sessiongraph")
_READY_SECONDS = 60


@dataclass
class Server:
    """A server that is up, with an embedded PostgreSQL below its folder."""

    url: str
    environment: dict[str, str]
    process: subprocess.Popen[str]
    _keys: list[str] = field(default_factory=list)

    def make_key(self) -> str:
        """Make a project, and a key that may do everything in it."""
        if not self._keys:
            command = [_PYTHON, "-m", "tests.make_projects", "50"]
            ran = subprocess.run(
                command,
                env=self.environment,
                cwd=_ROOT,
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            self._keys = ran.stdout.split()
        return self._keys.pop()

    def kill(self) -> None:
        """End the server without a word to it."""
        self.process.kill()
        self.process.communicate(timeout=_READY_SECONDS)

    def stop(self) -> None:
        """Ask the server to end, and wait until it has."""
        self.process.terminate()
        self.process.communicate(timeout=_READY_SECONDS)


def start(environment: dict[str, str], port: int = 0) -> Server:
    """Start a server on a port, a free one if 0; return when it answers."""
    command = [_COMMAND, "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"https?://[^/\s]+", line):
            return Server(found[0], environment, process)
    raise AssertionError(process.wait())


def make_environment(folder: Path) -> dict[str, str]:
    """Make an environment whose data directory is in the folder."""
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {
        "SESSIONGRAPH_DATA_DIRECTORY": str(folder / "data"),
        "SESSIONGRAPH_LOG_LEVEL": "ERROR",  # nobody reads the log's pipe
    }
    return {**kept, **own}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share."""
    started = start(make_environment(tmp_path_factory.mktemp("server")))
    yield started
    started.stop()


@pytest.fixture(scope="session")
def server_url(server: Server) -> str:
    """The address of the server that all tests share."""
    return server.url


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that a test may stop and kill."""
    started = start(make_environment(tmp_path_factory.mktemp("own")))
    yield started
    started.stop()


@pytest.fixture
def api_key(server: Server) -> str:
    """The key of a new project."""
    return server.make_key()


@pytest.fixture
async def client(server: Server, api_key: str) -> AsyncIterator[SessiongraphClient]:
    """A client of a new project."""
    async with SessiongraphClient(server.url, api_key=api_key) as made:
        yield made
