"""One server process for the tests of a module."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import URL

from tests.hostile.hostile_server import HostileServer, hostile_server


@pytest.fixture(scope="module")
def server(
    server_url: URL, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostileServer]:
    """A server process with keys, a session, an agent, a message, a state and a memory."""
    with hostile_server(server_url, template, tmp_path_factory.mktemp("hostile")) as made:
        yield made
