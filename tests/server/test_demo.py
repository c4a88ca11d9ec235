"""The sample history."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from resolvers.context import Context
from server.demo import fill
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants


async def _counts(engine: AsyncEngine) -> dict[str, Any]:
    async with engine.connect() as connection:
        return {
            table.name: await connection.scalar(text(f"SELECT count(*) FROM {table.name}"))
            for table in Base.metadata.sorted_tables
        }


async def test_a_history_is_filled_in_once(engine: AsyncEngine, graphql: GraphQLClient) -> None:
    heard: list[tuple[int, int]] = []
    summary = await fill(
        Context(engine, 1), 60, on_progress=lambda done, total: heard.append((done, total))
    )
    before = await _counts(engine)
    assert summary.sessions == before["sessions"]
    assert heard[-1] == (summary.trees, summary.trees)
    assert not [name for name, count in before.items() if not count and name != "api_keys"]
    await check_invariants(engine)
    data = await graphql.execute(
        """{ sessions(first: 200) { nodes { depth status failedToolCallCount } }
        agents { nodes { versions { nodes { isActive } } } } }"""
    )
    sessions = data["sessions"]["nodes"]
    assert max(session["depth"] for session in sessions) == 2
    assert {"ACTIVE", "WAITING", "COMPLETED", "FAILED"} <= {item["status"] for item in sessions}
    assert sum(session["failedToolCallCount"] for session in sessions) > 0
    for agent in data["agents"]["nodes"]:
        assert sum(version["isActive"] for version in agent["versions"]["nodes"]) == 1
    again = await fill(Context(engine, 1), 60)
    assert again.sessions == 0
    assert await _counts(engine) == before
