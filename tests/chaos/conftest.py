"""What each test breaks."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.killable_postgres import KillablePostgres


@pytest.fixture
def postgres() -> Iterator[KillablePostgres]:
    """A PostgreSQL without tables, in a folder that its account can reach."""
    with tempfile.TemporaryDirectory(prefix="sessiongraph-chaos-") as folder:
        Path(folder).chmod(0o755)
        made = KillablePostgres(Path(folder) / "store")
        made.start()
        yield made
        made.stop()
