"""A store for one load test."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.server_process import make_environment


@contextmanager
def temporary_environment() -> Iterator[dict[str, str]]:
    """Give the environment of a server with a data directory of its own, gone afterwards.

    It logs warnings only: nobody reads the log of a load test, and a full pipe would stop it.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bench" / "store"
        store.mkdir(parents=True)
        yield make_environment(store) | {"SESSIONGRAPH_LOG_LEVEL": "WARNING"}
