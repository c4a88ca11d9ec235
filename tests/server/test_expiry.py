"""What has expired goes by itself, once, however many processes see to it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from resolvers import expiry as expiry_of_rows
from resolvers import row_slices
from resolvers.changes import Changes
from resolvers.context import Context
from resolvers.identifiers import decode
from resolvers.session import expire_session
from resolvers.transaction import record
from server.database import create_engine
from server.expiry import Expiry
from server.settings import Settings
from tests.deadlocks import count_deadlocks
from tests.factories import (
    create_memory,
    create_session,
    event_types,
    record_message,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows
from tests.project_conditions import check_statements
from tests.statements import recorded_statements


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


_PAST, _LATER = "2026-01-01T00:00:00Z", _in(3600)


async def _look(engine: AsyncEngine, changes: Changes | None = None) -> Expiry:
    expiry = Expiry(engine, changes or Changes())
    with capture_logs() as logs:
        assert await expiry.look() == expiry.pause_seconds
    assert not logs
    await check_invariants(engine)
    return expiry


async def test_memories_go_with_all_that_hangs_on_them(
    graphql: GraphQLClient, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_slices, "SLICE_ROWS", 2)
    await create_session(graphql)
    before = await count_rows(engine)
    old = await create_memory(graphql, expiresAt=_PAST)
    await graphql.record("updateMemory", "replayed", memory=old["id"], content=2)
    for _ in range(5):
        await graphql.record("recordMemoryAccess", "replayed", memory=old["id"], accessType="READ")
    await graphql.record(
        "createMemoryAnnotation", "replayed", memory=old["id"], annotationType="note", content=1,
        annotatorKind="CODE",
    )  # fmt: skip
    relation = {"memory": old["id"], "relationType": "RELATED"}
    kept = [
        await create_memory(graphql, relations=[relation]),
        await create_memory(graphql, expiresAt=_LATER),
    ]
    changes = Changes()
    expiry = await _look(engine, changes)
    assert expiry.expired == {"memories": 1}
    after = await count_rows(engine)
    assert after == before | {"memories": 2}
    for memory in kept:
        assert await _is_there(graphql, memory["id"])
    decoded = decode(old["id"])
    assert decoded is not None
    assert decoded[1] in changes.take_untold()


async def _is_there(graphql: GraphQLClient, own_id: str) -> bool:
    found = await graphql.execute("query ($id: ID!) { node(id: $id) { id } }", id=own_id)
    return found["node"] is not None


async def test_states_and_snapshots_go(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"a": 1}, moduleId="old", expiresAt=_PAST, snapshotReason="x")
    kept = await upsert_state(graphql, {"a": 1}, moduleId="kept", snapshotReason="first")
    await upsert_state(graphql, {"a": 2}, moduleId="kept", expiresAt=_PAST, snapshotReason="second")
    own_id = kept["moduleState"]["id"]
    await upsert_state(graphql, {"a": 3}, moduleId="kept", expiresAt=_LATER)
    assert (await _look(engine)).expired == {"module_states": 1, "state_snapshots": 2}
    data = await graphql.execute(
        """query ($id: ID!) { moduleState(id: $id) { revision snapshots { nodes { reason } } }
          session(id: "session") { moduleStates { nodes { moduleId } } } }""",
        id=own_id,
    )
    assert data["moduleState"] == {"revision": 3, "snapshots": {"nodes": [{"reason": "first"}]}}
    assert data["session"] == {"moduleStates": {"nodes": [{"moduleId": "kept"}]}}
    again = await upsert_state(graphql, {"a": 1}, moduleId="old")
    assert again["moduleState"]["revision"] == 1
    await check_invariants(engine)


async def test_more_time_for_the_same_document_is_given(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    made = await upsert_state(graphql, {"a": 1}, expiresAt=_PAST)
    again = await upsert_state(graphql, {"a": 1}, expiresAt=_LATER)
    assert not again["changed"]
    assert again["moduleState"]["revision"] == 1
    same = await upsert_state(graphql, {"a": 1})
    assert same["moduleState"]["id"] == made["moduleState"]["id"]
    assert (await _look(engine)).expired == {}
    never = await upsert_state(graphql, {"a": 1}, expiresAt=None)
    data = await graphql.execute(
        "query ($id: ID!) { moduleState(id: $id) { expiresAt } }", id=never["moduleState"]["id"]
    )
    assert data["moduleState"]["expiresAt"] is None


async def test_sessions_end(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    over = _in(-60)
    for name in ("active", "waiting", "ended", "later"):
        expires = _LATER if name == "later" else over
        await create_session(graphql, name, startedAt=_PAST, expiresAt=expires)
    call = {"toolName": "pay", "toolCallId": "call"}
    asked_in = await record_message(graphql, "waiting", role="ASSISTANT", toolCalls=[call])
    await request_confirmation(graphql, "waiting", toolCall=asked_in["toolCalls"][0]["id"])
    await graphql.record("endSession", "replayed", session="ended", status="FAILED")
    await create_session(graphql, "late", expiresAt=_PAST)
    changes = Changes()
    expiry = await _look(engine, changes)
    assert expiry.expired == {"sessions": 3}
    data = await graphql.execute(
        """{ sessions { nodes { sessionId status
          startedAt endedAt expiresAt
          confirmations { nodes { status toolCall { status } } } } } }"""
    )
    sessions = {node["sessionId"]: node for node in data["sessions"]["nodes"]}
    assert {name: node["status"] for name, node in sessions.items()} == {
        "active": "EXPIRED",
        "waiting": "EXPIRED",
        "ended": "FAILED",
        "later": "ACTIVE",
        "late": "EXPIRED",
    }
    for name in ("active", "waiting"):
        assert sessions[name]["endedAt"] == sessions[name]["expiresAt"]
    assert sessions["late"]["endedAt"] == sessions["late"]["startedAt"]
    cancelled = {"status": "CANCELLED", "toolCall": {"status": "CANCELLED"}}
    assert sessions["waiting"]["confirmations"]["nodes"] == [cancelled]
    assert (await event_types(graphql, "waiting"))[-3:] == [
        "confirmation.decided",
        "tool_call.completed",
        "session.status_changed",
    ]
    assert 1 in changes.take_untold()


async def test_who_was_given_more_time_stays(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    """As where it is given between the look and the lock."""
    session = await create_session(graphql, expiresAt=_PAST)
    memory = await create_memory(graphql, expiresAt=_PAST)
    await graphql.record("updateSession", "replayed", session="session", expiresAt=_LATER)
    await graphql.record("updateMemory", "replayed", memory=memory["id"], expiresAt=None)
    await record(Context(engine, 1), "expireSession", expire_session, {"session": session["id"]})
    assert (await _look(engine)).expired == {}
    assert await _is_there(graphql, memory["id"])
    data = await graphql.execute('{ session(id: "session") { status } }')
    assert data["session"]["status"] == "ACTIVE"


async def test_what_somebody_holds_is_left_for_the_next_time(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql, "held", expiresAt=_PAST)
    await create_session(graphql, "free", expiresAt=_PAST)
    memories = [await create_memory(graphql, expiresAt=_PAST) for _ in range(2)]
    decoded = decode(memories[0]["id"])
    assert decoded is not None
    async with engine.connect() as other, other.begin():
        hold = "SELECT FROM sessions WHERE session_id = 'held' FOR NO KEY UPDATE"
        await other.execute(text(hold))
        hold = "SELECT FROM memories WHERE id = :id FOR NO KEY UPDATE"
        await other.execute(text(hold), {"id": decoded[1]})
        async with asyncio.timeout(20):
            assert (await _look(engine)).expired == {"sessions": 1, "memories": 1}
    assert (await _look(engine)).expired == {"sessions": 1, "memories": 1}


async def test_processes_share_the_work(
    graphql: GraphQLClient,
    other_project: GraphQLClient,
    engine: AsyncEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expiry_of_rows, "_BATCH", 3)
    for client in (graphql, other_project):
        await create_session(client)
        for number in range(10):
            await create_memory(client, expiresAt=_PAST)
            await upsert_state(client, {"a": 1}, moduleId=str(number), expiresAt=_PAST)
            await create_session(client, f"s{number}", expiresAt=_PAST)
    everyone = [Expiry(engine, Changes()) for _ in range(3)]
    await asyncio.gather(*[each.look() for each in everyone])
    for table in ("memories", "module_states"):
        assert sum(each.expired[table] for each in everyone) == 20
    rows = await count_rows(engine)
    assert (rows["memories"], rows["module_states"], rows["sessions"]) == (0, 0, 22)
    async with engine.connect() as connection:
        ended = "SELECT count(*) FROM session_events WHERE event_type = 'session.status_changed'"
        assert await connection.scalar(text(ended)) == 20
    await check_invariants(engine)
    assert await count_deadlocks(engine) == 0


async def test_each_statement_but_one_names_the_project(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    for client in (graphql, other_project):
        await create_session(client, expiresAt=_PAST)
        await create_memory(client, expiresAt=_PAST)
        await upsert_state(client, {"a": 1}, expiresAt=_PAST, snapshotReason="x")
    async with recorded_statements(engine) as statements:
        await Expiry(engine, Changes()).look()
    first = statements.pop(0)
    assert "FROM projects" in first.query
    check_statements(statements, {1, 2})


async def test_nothing_is_written_where_nothing_is_due(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql, expiresAt=_LATER)
    await create_memory(graphql)
    before = await digest_rows(engine)
    async with recorded_statements(engine) as statements:
        await _look(engine)
    assert len([each for each in statements if "FROM projects" in each.query]) == 1
    assert await digest_rows(engine) == before


async def test_writers_meanwhile(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    """Whoever writes to what goes gets it done or is told that it is not there."""
    await create_session(graphql)
    changes = Changes()
    async with Expiry(engine, changes).running():
        memories = [await create_memory(graphql, expiresAt=_in(1.5)) for _ in range(6)]
        await upsert_state(graphql, 0, expiresAt=_in(1.5))

        async def use(memory: dict[str, Any]) -> None:
            while await _is_there(graphql, memory["id"]):
                reply = await graphql.mutate(
                    "recordMemoryAccess", "replayed", memory=memory["id"], accessType="READ",
                    session="session",
                )  # fmt: skip
                assert {each["extensions"]["code"] for each in reply.errors} <= {"NOT_FOUND"}

        async def change() -> None:
            revisions = [0]
            while revisions[-1] >= revisions[0]:
                given = {"session": "session", "moduleId": "module", "state": len(revisions)}
                made = await graphql.record(
                    "upsertModuleState", "moduleState { revision }", **given
                )
                revisions.append(made["moduleState"]["revision"])
                if revisions[-1] == 1:
                    return

        async with asyncio.timeout(60):
            await asyncio.gather(change(), *map(use, memories))
    await check_invariants(engine)
    assert await count_deadlocks(engine) == 0


async def test_a_database_that_is_away_is_told_of_once(database_url: URL) -> None:
    away = create_engine(Settings(), database_url.set(port=1))
    expiry = Expiry(away, Changes())
    with capture_logs() as logs:
        for _ in range(3):
            assert await expiry.look() == expiry.pause_seconds
    assert [line["event"] for line in logs] == ["expired rows not deleted"]
    await away.dispose()
