"""Whatever a test recorded, the store must be whole afterwards."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.invariants import check_invariants


@pytest.fixture(autouse=True)
async def _invariants(engine: AsyncEngine) -> AsyncIterator[None]:
    yield
    await check_invariants(engine)
