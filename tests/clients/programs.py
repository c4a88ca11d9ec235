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
    """Run a command in a client's folder, built before; give what it printed."""
    return _run(build(folder), *command)


@cache
def build(folder: str) -> Path:
    """Make a client's programs from schema.graphql, once; give its folder."""
    path = _FOLDER / folder
    if command := _BUILDS.get(folder):
        (path / ".generated").mkdir(exist_ok=True)
        _run(path, *command)
    return path


def _run(folder: Path, *command: str) -> str:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
