"""Does what a guide tells its reader to do, block by block, and compares what comes of it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.server_process import COMMAND, READY_SECONDS

_ADDRESS = "http://127.0.0.1:8000"
"""The server's in a guide."""


@dataclass(frozen=True)
class Reader:
    """Somebody who follows a guide in a folder, with a server of her own."""

    folder: Path
    address: str
    environment: dict[str, str]

    def do(self, kind: str, block: str, following: tuple[str, str]) -> None:
        """Do what a block says. `following` is the block behind it, with the answer if it is JSON.

        The first line of Python names the file at whose end it goes.
        """
        if kind == "python":
            name = re.match(r"# (\w+\.py)\n", block)
            assert name is not None, block
            with (self.folder / name[1]).open("a") as file:
                file.write(f"\n{block.replace(_ADDRESS, self.address)}")
        elif kind == "console":
            for command, told in _commands(block):
                self.run(command, told)
        elif kind == "graphql":
            answer = httpx2.post(f"{self.address}/graphql", json={"query": block}).json()
            assert following[0] == "json"
            assert answer == json.loads(following[1]), json.dumps(answer, ensure_ascii=False)
        else:
            assert kind == "json", f"the tests run no {kind}"

    def run(self, command: str, told: str) -> None:
        """Run a command, and compare its output with what is told."""
        command = command.replace(".venv/bin/sessiongraph", str(COMMAND))
        command = command.replace("python3", sys.executable)
        ran = subprocess.run(
            ["/bin/sh", "-c", command.replace(_ADDRESS, self.address)],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=READY_SECONDS,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout
        check_told(told, ran.stdout.replace(self.address, _ADDRESS))


def read_blocks(guide: Path) -> Iterator[tuple[str, str]]:
    """Read the blocks of code in a guide: the language and the text of each."""
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", guide.read_text(), re.MULTILINE | re.DOTALL):
        yield block[1], block[2]


def check_told(told: str, output: str) -> None:
    """Fail unless an output is as it is told; a line `…` stands for any lines, also for none."""
    lines = [r"(?:.*\n)*?" if line == "…" else re.escape(f"{line}\n") for line in told.splitlines()]
    # curl ends no line
    assert re.fullmatch("".join(lines), f"{output.rstrip()}\n" if output else ""), output


def _commands(block: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, told = part.partition("\n")
        yield command, told
