"""The sample history."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.context import Context
from server.demo import fill
from server.demo.shown_session import find_shown_session
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows


async def _rows(engine: AsyncEngine, statement: str) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(text(statement))).all())


async def test_a_history_is_filled_in_once(engine: AsyncEngine, graphql: GraphQLClient) -> None:
    heard: list[tuple[int, int]] = []
    summary = await fill(
        Context(engine, 1), 60, on_progress=lambda done, total: heard.append((done, total))
    )
    before = await count_rows(engine)
    assert summary.sessions == before["sessions"]
    assert heard[-1] == (summary.trees, summary.trees)
    empty = {name for name, count in before.items() if not count}
    # which are no part of a history
    assert empty == {
        *("api_keys", "persisted_documents", "retention_rules", "session_items", "spans"),
    }
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
        versions = agent["versions"]["nodes"]
        assert [version["isActive"] for version in versions].count(True) == 1
        assert len(versions) == 3
    again = await fill(Context(engine, 1), 60)
    assert again.sessions == 0
    assert await count_rows(engine) == before


async def test_the_history_holds_together(engine: AsyncEngine) -> None:
    await fill(Context(engine, 1), 30)
    roles = await _rows(engine, "SELECT DISTINCT role FROM messages")
    assert {role for (role,) in roles} == {"SYSTEM", "USER", "ASSISTANT", "TOOL"}
    changed = await _rows(
        engine, "SELECT 1 FROM module_states WHERE revision > 2 AND state_type = 'workflow'"
    )
    assert changed
    later = "SELECT 1 FROM memory_accesses a JOIN memories m ON m.id = a.memory_id"
    assert await _rows(engine, f"{later} WHERE a.occurred_at > m.created_at + interval '1 hour'")
    broken = [
        f"{later} WHERE a.occurred_at NOT BETWEEN m.created_at AND now()",
        """SELECT 1 FROM messages a JOIN messages b ON b.session_id = a.session_id
        AND b.sequence = a.sequence + 1 WHERE b.created_at <= a.created_at""",
        """SELECT 1 FROM sessions c JOIN sessions p ON p.id = c.parent_id
        WHERE c.started_at < p.started_at OR c.ended_at > p.ended_at""",
        "SELECT 1 FROM sessions WHERE greatest(started_at, ended_at) > now()",
        """SELECT 1 FROM sessions c LEFT JOIN tool_calls t ON t.id = c.spawned_by_tool_call_id
        WHERE c.depth > 0 AND (t.child_session_id = c.id) IS NOT TRUE""",
        "SELECT 1 FROM tool_calls WHERE status = 'SUCCEEDED' AND result_message_id IS NULL",
        """SELECT 1 FROM confirmations c JOIN sessions s ON s.id = c.session_id
        WHERE s.ended_at IS NOT NULL
        AND NOT (c.created_at < c.decided_at AND c.decided_at <= s.ended_at)""",
        """SELECT 1 FROM tool_calls t JOIN sessions s ON s.id = t.session_id
        WHERE t.ended_at > s.ended_at""",
        """SELECT 1 FROM session_events e JOIN sessions s ON s.id = e.session_id
        WHERE e.occurred_at NOT BETWEEN s.started_at AND coalesce(s.ended_at, now())""",
        "SELECT 1 FROM agent_versions WHERE activated_at <> created_at",
        """SELECT 1 FROM memory_annotations WHERE applied_at NOT BETWEEN created_at AND now()""",
        """SELECT 1 FROM memories m JOIN memory_revisions r ON r.memory_id = m.id
        WHERE r.created_at NOT BETWEEN m.created_at AND now()""",
    ]
    for statement in broken:
        assert not await _rows(engine, statement), statement


async def test_a_fill_that_broke_off_is_continued(engine: AsyncEngine) -> None:
    def break_off(done: int, _total: int) -> None:
        if done == 3:
            filling.cancel()

    filling = asyncio.create_task(fill(Context(engine, 1), 30, on_progress=break_off))
    with pytest.raises(asyncio.CancelledError):
        await filling
    before = (await count_rows(engine))["sessions"]
    rest = await fill(Context(engine, 1), 30)
    assert before
    assert rest.sessions
    assert (await count_rows(engine))["sessions"] == before + rest.sessions
    await check_invariants(engine)


async def test_a_seed_tells_the_same_in_each_project(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        other = await connection.scalar(
            text("INSERT INTO projects (name) VALUES ('other') RETURNING id")
        )
    summary = await fill(Context(engine, 1), 30)
    assert await fill(Context(engine, other), 30) == summary
    told = """SELECT s.session_id, m.sequence, m.role, m.content, m.input_tokens FROM messages m
        JOIN sessions s ON (s.project_id, s.id) = (m.project_id, m.session_id)
        WHERE m.project_id = {} ORDER BY 1, 2"""
    assert await _rows(engine, told.format(1)) == await _rows(engine, told.format(other))


async def test_another_seed_stands_beside_the_first(engine: AsyncEngine) -> None:
    first = await fill(Context(engine, 1), 20)
    second = await fill(Context(engine, 1), 20, seed=2)
    assert second.sessions
    assert (await count_rows(engine))["sessions"] == first.sessions + second.sessions


async def test_a_session_that_waits_and_has_others_below_it_is_shown(
    engine: AsyncEngine, graphql: GraphQLClient
) -> None:
    assert await find_shown_session(engine, 1) is None
    await fill(Context(engine, 1), 300)
    shown = await find_shown_session(engine, 1)
    data = await graphql.execute(
        """query ($id: ID!) { session(id: $id) { status depth descendants { totalCount }
        confirmations(filter: {status: {eq: PENDING}}) { totalCount } } }""",
        id=shown,
    )
    assert data["session"]["status"] == "WAITING"
    assert data["session"]["depth"] == 0
    assert data["session"]["descendants"]["totalCount"] > 0
    assert data["session"]["confirmations"]["totalCount"] == 1
