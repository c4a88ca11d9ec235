"""The clients' programs: how they are made and run."""

import subprocess
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_BUILDS = {
    "ariadne_codegen": (".venv/bin/ariadne-codegen",),
    "npm": ("npm", "run", "--silent", "build"),
}


def run(folder: str, *command: str) -> str:
    """Run a command in a client's folder, made from schema.graphql before; give what it printed."""
    _build(folder)
    return _run(folder, *command)


@cache
def _build(folder: str) -> None:
    if command := _BUILDS.get(folder):
        (_FOLDER / folder / ".generated").mkdir(exist_ok=True)
        _run(folder, *command)


def _run(folder: str, *command: str) -> str:
    ran = subprocess.run(command, cwd=_FOLDER / folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
