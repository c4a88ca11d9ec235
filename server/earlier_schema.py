"""The schema as clients know it, from the history of the checkout. For developers only."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class EarlierSchema:
    """A schema definition, and the git revision that has it."""

    revision: str
    definition: str


def find_earlier_schema(file: Path, definition: str) -> EarlierSchema | None:
    """Give the definition that a new one of the same file replaces.

    It is that of the last tag. Before the first tag it is the last commit's, or if that has the
    new one already, the one that was replaced by it. None without git or without such a file.
    """
    tag = _git(file, "describe", "--tags", "--abbrev=0")
    if tag is not None:
        return _at(tag.strip(), file)
    committed = _at("HEAD", file)
    if committed is None or committed.definition != definition:
        return committed
    commit = _git(file, "log", "--max-count=1", "--format=%h", "--", file.name)
    return _at(f"{commit.strip()}^", file) if commit else None


def _at(revision: str, file: Path) -> EarlierSchema | None:
    definition = _git(file, "show", f"{revision}:./{file.name}")
    return None if definition is None else EarlierSchema(revision, definition)


def _git(file: Path, *arguments: str) -> str | None:
    """Run git beside the file and give what it prints; None if it fails or is not there."""
    try:
        finished = subprocess.run(  # noqa: S603  no shell, and no word of a stranger
            ["git", *arguments],  # noqa: S607  wherever the developer has it
            cwd=file.absolute().parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    except FileNotFoundError:
        return None
    return finished.stdout if finished.returncode == 0 else None
