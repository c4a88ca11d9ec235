"""A second database, to restore into."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.exchange.archive.archives import another_database


@pytest.fixture
async def other_engine(server_url: URL, template: str) -> AsyncIterator[AsyncEngine]:
    """The engine of another database, whose project 1 is empty."""
    async with another_database(server_url, template) as engine:
        yield engine
