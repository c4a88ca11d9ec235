"""The server as its users start it: a process with a port and a data directory of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = Path(sys.executable).with_name("sessiongraph")
READY_SECONDS = 60


def make_environment(folder: Path) -> dict[str, str]:
    """Make an environment whose data directory is in the folder, where PostgreSQL can reach it."""
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "SESSIONGRAPH_DATA_DIRECTORY": str(folder / "data")}


@contextmanager
def serve(
    environment: dict[str, str], *options: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the server on a free port until the block ends; give the process and its address."""
    process = subprocess.Popen(
        [COMMAND, "serve", "--port", "0", *options],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, _address(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=READY_SECONDS)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.match(r"Sessiongraph: (https?://\S+)", line):
            return found[1]
    raise AssertionError(process.wait())


@dataclass(frozen=True)
class Demo:
    """A server that was filled with the sample history first, and what it told."""

    address: str
    shown: str
    """The URL that it names."""
    output: str


@contextmanager
def serve_demo(environment: dict[str, str], *options: str) -> Iterator[Demo]:
    """Run `demo --serve` on a free port until the block ends."""
    process = subprocess.Popen(
        [COMMAND, "demo", "--serve", *options],
        # nobody reads the log's pipe once the server is ready
        env={**environment, "SESSIONGRAPH_PORT": "0", "SESSIONGRAPH_LOG_LEVEL": "ERROR"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    told = ""
    try:
        for line in process.stdout:
            told += line
            if found := re.match(r"Sessiongraph: ((https?://[^/\s]+)\S*)", line):
                yield Demo(found[2], found[1], told)
                break
        else:
            raise AssertionError(told)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=READY_SECONDS)
