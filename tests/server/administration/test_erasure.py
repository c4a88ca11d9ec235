"""A person who is erased: what goes, what stays, and what the search finds."""

import asyncio
from threading import Thread
from typing import Any

import pytest
from orjson import dumps, loads
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Base
from resolvers.context import Context
from resolvers.errors import Invalid
from resolvers.session import create_session as record_session
from resolvers.transaction import record
from server.administration import person_records, person_search
from server.administration.erasure import erase_person
from server.administration.erasure_certificate import Certificate
from server.administration.projects import choose_projects
from server.database import create_engine
from server.demo import fill
from server.settings import Settings
from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    record_message,
    record_tool_call,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants

Rows = dict[tuple[str, str], dict[str, Any]]

_KEYS = {
    table.name: [column.name for column in table.primary_key]
    for table in Base.metadata.sorted_tables
}
_EMPTIED = {
    ("agent_versions", "created_by"),
    ("confirmations", "decided_by"),
    ("memory_accesses", "accessed_by"),
    ("memory_accesses", "context"),
    ("memory_accesses", "query_text"),
    ("memory_annotations", "created_by"),
    ("memory_revisions", "changed_by"),
    ("messages", "name"),
    ("session_events", "actor_id"),
    ("session_events", "event_data"),
    ("state_transitions", "actor_id"),
    ("state_transitions", "trigger_id"),
}
_UNLINKED = {
    ("memories", "session_id"),
    ("memories", "source_message_id"),
    ("memory_accesses", "session_id"),
    ("memory_accesses", "message_id"),
    ("sessions", "spawned_by_tool_call_id"),
    ("tool_calls", "child_session_id"),
}


async def _rows(engine: AsyncEngine) -> Rows:
    """Every row of the store, to the letter."""
    rows: Rows = {}
    async with engine.connect() as connection:
        for table, key in _KEYS.items():
            for row in await connection.scalars(text(f"SELECT to_jsonb(t)::text FROM {table} t")):
                values = loads(row)
                rows[table, " ".join(str(values[name]) for name in key)] = values
    return rows


async def _projects(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return await choose_projects(connection, None)


async def _erase(
    engine: AsyncEngine, user: str, project: str | None = None, *, dry_run: bool = False
) -> Certificate:
    projects = await _projects(engine)
    if project is not None:
        projects = {project: projects[project]}
    return await erase_person(engine, projects, user, lambda line: None, dry_run=dry_run)


async def _live(graphql: GraphQLClient, user: str, other: str) -> None:
    """Record what a person does alone, and what another does in it."""
    agent = f"agent of {user}".replace(user, str(len(user)))
    await create_agent(graphql, agent)
    await create_agent_version(graphql, agent=agent, createdBy=other)
    own = f"session {len(user)}"
    session = await create_session(graphql, own, userId=user, agent=agent)
    await record_message(graphql, own, name=user, content="Hello")
    await record_message(graphql, own, name=other, content="Hello")
    call = await record_tool_call(graphql, own)
    below = await create_session(
        graphql, f"{own} below", userId=other, parent=session["id"], spawnedByToolCall=call["id"]
    )
    await record_message(graphql, below["id"], content="Below")
    asked = await request_confirmation(graphql, own, toolCall=call["id"])
    await graphql.record(
        "decideConfirmation",
        "confirmation { id }",
        confirmation=asked["id"],
        decision="APPROVED",
        decidedBy=other,
    )
    for state in ({"step": 1}, {"step": 2}):
        by = {"triggerType": "USER", "triggerId": other, "actorId": other}
        await upsert_state(graphql, state, own, snapshotReason="kept", transition=by)
    await graphql.record(
        "putSessionItem",
        "sessionItem { id }",
        session=own,
        collection="c",
        key="k",
        value={"said": "Hello"},
    )
    for actor in (user, other):
        await graphql.record(
            "createSessionEvent",
            "sessionEvent { id }",
            session=own,
            eventType="own",
            eventData={"said": "Hello"},
            actorId=actor,
        )
    memory = (await create_memory(graphql, userId=user, session=own, agent=agent))["id"]
    await create_memory(graphql, session=own, content="of nobody")
    await graphql.record(
        "updateMemory", "memory { id }", memory=memory, content={"a": 2}, changedBy=other
    )
    await graphql.record(
        "createMemoryAnnotation",
        "memoryAnnotation { id }",
        memory=memory,
        annotationType="note",
        content="Hm",
        annotatorKind="HUMAN",
        createdBy=other,
    )
    for accessor in (user, other):
        await graphql.record(
            "recordMemoryAccess",
            "memoryAccess { id }",
            memory=memory,
            accessType="READ",
            session=below["id"],
            accessedBy=accessor,
            queryText="what?",
            context={"why": "so"},
            idempotencyKey=f"access {accessor} {user}",
        )


@pytest.fixture
async def lived(graphql: GraphQLClient, other_project: GraphQLClient) -> None:
    """Two people in two projects; each did something in what is the other's."""
    for client in (graphql, other_project):
        await _live(client, "ann", "robert")
        await _live(client, "robert", "ann")


@pytest.mark.usefixtures("lived")
async def test_what_is_theirs_goes_and_what_is_of_others_stays(engine: AsyncEngine) -> None:
    before = await _rows(engine)
    certificate = await _erase(engine, "ann", "default")
    assert certificate.is_proof, (certificate.left, certificate.mentions)
    after = await _rows(engine)
    await check_invariants(engine)
    assert after.keys() < before.keys()
    changed = {
        (table, column)
        for (table, key), row in after.items()
        for column, value in row.items()
        if value != before[table, key][column]
    }
    assert changed <= _EMPTIED | _UNLINKED
    assert changed >= _EMPTIED
    gone = [before[each] | {"table": each[0]} for each in before.keys() - after.keys()]
    assert {row["project_id"] for row in gone} == {1}
    for key, row in before.items():
        if row.get("project_id") not in {None, 1}:
            assert after[key] == row
    assert {row["session_id"] for row in gone if row["table"] == "sessions"} == {
        "session 3",
        "session 3 below",
        "session 6 below",
    }
    left = dumps([row for row in after.values() if row.get("project_id") == 1]).decode()
    assert '"ann"' not in left
    for table in {row["table"] for row in gone}:
        rows = sum(row["table"] == table for row in gone)
        assert certificate.deleted[table] == rows, table


@pytest.mark.usefixtures("lived")
async def test_a_dry_run_tells_what_a_run_does(engine: AsyncEngine) -> None:
    before = await _rows(engine)
    rehearsed = await _erase(engine, "ann", dry_run=True)
    assert await _rows(engine) == before
    assert not rehearsed.is_proof
    done = await _erase(engine, "ann")
    assert rehearsed.projects == done.projects == ["default", "other"]
    assert +rehearsed.deleted == +done.deleted
    assert +rehearsed.emptied == +done.emptied
    assert rehearsed.drawn_memories == done.drawn_memories
    assert len(done.drawn_memories) == 2
    again = await _erase(engine, "ann")
    assert again.is_proof
    assert again.rounds == 1
    assert not +again.deleted
    assert not +again.emptied


async def test_what_others_say_of_them_is_told(engine: AsyncEngine, graphql: GraphQLClient) -> None:
    await create_session(graphql, userId="robert", tags=["with:ann"], metadata={"cc": ["ann"]})
    said = await record_message(graphql, content="I asked ann; Anna and ann_2 and joann know.")
    await record_message(graphql, content="Anna and ann_2 and joann know.")
    certificate = await _erase(engine, "ann", "default")
    assert not certificate.is_proof
    assert not certificate.left
    found = {(place.table, column) for place in certificate.mentions for column in place.columns}
    assert found == {("sessions", "tags"), ("sessions", "metadata"), ("messages", "content")}
    assert said["id"] in {place.row for place in certificate.mentions}
    await graphql.record("deleteMessage", "session { id }", message=said["id"])
    await graphql.record("updateSession", "session { id }", session="session", tags=[], metadata={})
    assert (await _erase(engine, "ann", "default")).is_proof
    await check_invariants(engine)


@pytest.mark.parametrize("batch_rows", [1, 30, 2_000])
async def test_the_history_of_a_shop(
    engine: AsyncEngine,
    other_project: GraphQLClient,
    batch_rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(person_records, "BATCH_ROWS", batch_rows)
    monkeypatch.setattr(person_search, "PAGE_ROWS", batch_rows + 6)
    projects = await _projects(engine)
    for project_id in projects.values():
        await fill(Context(engine, project_id), 20)
    async with engine.connect() as connection:
        user = await connection.scalar(
            text(
                "SELECT s.user_id FROM sessions s JOIN memories m USING (project_id, user_id)"
                " GROUP BY user_id ORDER BY count(*) DESC LIMIT 1"
            )
        )
    before = await _rows(engine)
    certificate = await _erase(engine, user, "default")
    await check_invariants(engine)
    assert not certificate.left
    after = await _rows(engine)
    gone = [before[key] for key in before.keys() - after.keys()]
    assert {row["project_id"] for row in gone} == {1}
    assert certificate.deleted["sessions"] > 0
    assert certificate.deleted["memories"] > 0
    rest = [row for row in after.values() if row.get("project_id") == 1]
    assert not [row for row in rest if user in {row.get("user_id"), row.get("actor_id")}]
    other = [key for key, row in before.items() if row.get("project_id") == projects["other"]]
    assert all(after[key] == before[key] for key in other)


async def test_what_is_written_meanwhile_is_erased_in_the_next_round(
    engine: AsyncEngine, database_url: URL
) -> None:
    async def write() -> None:
        own = create_engine(Settings(), database_url)
        await record(Context(own, 1), "write", record_session, {"user_id": "ann"})
        await own.dispose()

    rounds = 0

    def tell(line: str) -> None:
        nonlocal rounds
        if "searching" in line:
            rounds += 1
            if rounds < 3:
                writer = Thread(target=lambda: asyncio.run(write()))
                writer.start()
                writer.join()

    certificate = await erase_person(engine, {"default": 1}, "ann", tell)
    assert certificate.is_proof
    assert certificate.rounds == rounds == 3
    assert certificate.deleted["sessions"] == 2
    rounds = -10
    unended = await erase_person(engine, {"default": 1}, "ann", tell)
    assert not unended.is_proof
    assert [place.columns for place in unended.left] == [["user_id"]]


async def test_traces_and_answers_go_too(engine: AsyncEngine, graphql: GraphQLClient) -> None:
    await create_session(graphql, userId="ann", idempotencyKey="ann/1")
    await create_session(graphql, "of robert", userId="robert", idempotencyKey="robert/1")
    await record_message(graphql, traceId="ab" * 16)
    async with engine.begin() as connection:
        for trace, span in (("ab", '{"user": 1}'), ("cd", '{"user.id": "ann"}'), ("ef", "{}")):
            for number in (b"12345678", b"87654321"):
                await connection.execute(
                    text(
                        "INSERT INTO spans (project_id, id, started_at, operation)"
                        " VALUES (1, :id, now(), CAST(:operation AS json))"
                    ),
                    {"id": bytes.fromhex(trace * 16) + number, "operation": span},
                )
    certificate = await _erase(engine, "ann", "default")
    assert certificate.is_proof
    assert certificate.deleted["spans"] == 4
    assert certificate.deleted["idempotency_keys"] == 1
    after = await _rows(engine)
    left = {row["id"] for (table, _), row in after.items() if table == "spans"}
    assert left == {"\\x" + "ef" * 16 + number.hex() for number in (b"12345678", b"87654321")}


@pytest.mark.parametrize("user", ["", " ", "a\0b", "x" * 513])
async def test_what_is_no_id_is_refused(engine: AsyncEngine, user: str) -> None:
    with pytest.raises(Invalid):
        await _erase(engine, user)


async def test_frequent_values_are_sampled_anew(
    engine: AsyncEngine, graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    for client in (graphql, other_project):
        for number in range(4):
            await create_session(client, str(number), userId="ann", tags=["ann"])
        await create_session(client, userId="robert")
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE"))
    kept = text("SELECT count(*) FROM pg_stats WHERE most_common_vals::text ~ '\\mann\\M'")
    async with engine.connect() as connection:
        assert await connection.scalar(kept) == 2
    certificate = await _erase(engine, "ann", "default")
    assert certificate.is_proof
    assert certificate.statistics == ["sessions.tags", "sessions.user_id"]  # of the other project
    certificate = await _erase(engine, "ann")
    assert certificate.is_proof
    assert certificate.statistics == []
    async with engine.connect() as connection:
        assert await connection.scalar(kept) == 0


async def test_writers_do_not_mind(
    engine: AsyncEngine, graphql: GraphQLClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_records, "BATCH_ROWS", 5)
    memory = await create_memory(graphql, userId="robert")
    recorded = 0

    async def write(number: int) -> None:
        nonlocal recorded
        shared = f"shared {number}"
        await create_session(graphql, shared, userId="robert")
        while recorded < 20:
            own = await create_session(graphql, f"{number} {recorded}", userId="ann", parent=shared)
            # which may be deleted by now
            await graphql.mutate(
                "recordMessage", "message { id }", session=own["id"], role="USER", content="Hi"
            )
            await record_message(graphql, shared, name="ann")
            await graphql.record(
                "createSessionEvent",
                "sessionEvent { id }",
                session=shared,
                eventType="own",
                actorId="ann",
            )
            await graphql.record(
                "recordMemoryAccess",
                "memory { accessCount }",
                memory=memory["id"],
                session=shared,
                accessType="READ",
                accessedBy="ann",
            )
            recorded += 1

    async def erase() -> None:
        while recorded < 20:
            await _erase(engine, "ann", "default")

    await asyncio.gather(*(write(number) for number in range(3)), erase())
    assert (await _erase(engine, "ann", "default")).is_proof
    await check_invariants(engine)
