"""Stores that earlier releases left behind, upgraded in place; `keep_release.py` made them."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from migrations import runner
from schema.fields import NODE_TYPES
from server.database import create_engine
from server.settings import Settings
from tests.conftest import http_client
from tests.graphql_client import GraphQLClient
from tests.history import ROADS
from tests.invariants import check_invariants
from tests.migrations.contents import read_contents

RELEASES = sorted((Path(__file__).parent / "releases").glob("*.sql.gz"))


@pytest.fixture(params=RELEASES, ids=lambda path: path.name.partition(".")[0])
async def left(
    request: pytest.FixtureRequest, empty_database_url: URL
) -> AsyncIterator[AsyncEngine]:
    """The store as a release left it."""
    engine = create_engine(Settings(pool_size=5), empty_database_url)
    script = gzip.decompress(request.param.read_bytes()).decode()
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        await raw.driver_connection.execute(script)  # type: ignore[union-attr]  # asyncpg's own
        await connection.invalidate()  # with the settings that the script has made
    yield engine
    await engine.dispose()


async def test_a_store_of_a_release_is_upgraded_in_place(left: AsyncEngine) -> None:
    before = await read_contents(left)
    assert all(before.rows.values())
    await runner.upgrade(left)
    async with left.connect() as connection:
        assert await runner.is_current(connection)
    assert await read_contents(left, like=before) == before
    await check_invariants(left)


async def test_a_store_of_a_release_is_served_after_the_upgrade(left: AsyncEngine) -> None:
    tables = (await read_contents(left)).rows
    known = {kind.__name__ for table, kind in NODE_TYPES.items() if table.name in tables}
    await runner.upgrade(left)
    async with http_client(left) as http:
        client = GraphQLClient(http)
        counts = await client.execute("{ sessions { totalCount } agents { totalCount } }")
        async with left.connect() as connection:
            for name, counted in counts.items():
                asked = text(f"SELECT count(*) FROM {name} WHERE project_id = 1")
                assert counted["totalCount"] == await connection.scalar(asked) > 10
        # every type of the graph that the release knew, from the sessions that hold all of them
        selection = " ".join(
            f"r{number}: session(id: $id) {{ {road.format('id')} }}"
            for number, (kind, road) in enumerate(ROADS.items())
            if road != "{}" and kind in known
        )
        found = await client.execute(f"query ($id: ID!) {{ {selection} }}", id="s2")
        assert all("'id':" in str(each) for each in found.values())
        made = await client.record(
            "recordMessage", "message { sequence }", session="s2", role="USER", content="again"
        )
        assert made["message"]["sequence"] > 1
    await check_invariants(left)
