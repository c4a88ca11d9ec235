"""Sources in which something is wrong: what is refused or told, and that the rest is there."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.prisma.import_source import Report
from resolvers.context import Context
from tests.exchange.prisma.sources import ADAPTER, BOTH, ENHANCED, Json, Source, take_over
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, digest_rows

TIME = "2024-06-20T10:00:00.000Z"
TAKEN = "There is one of this name, made from another input; read or update that one."


def session(row_id: str, **values: Any) -> dict[str, Any]:
    times = {"createdAt": TIME, "updatedAt": TIME}
    return {"id": row_id, **times, "active": True, "metadata": {}, **values}


def agent_session(row_id: str, **values: Any) -> dict[str, Any]:
    times = {"startedAt": TIME, "createdAt": TIME, "updatedAt": TIME}
    return {"id": row_id, "sessionId": f"name {row_id}", "status": "active", **times, **values}


def message(row_id: str, session_id: str = "s", **values: Any) -> dict[str, Any]:
    said = {"role": "user", "content": "Hello", "timestamp": TIME}
    return {"id": row_id, "sessionId": session_id, **said, **values}


def refusals(report: Report) -> dict[str, list[str]]:
    return {f"{told.model}: {told.text}": told.ids for told in report.refusals}


async def rows(engine: AsyncEngine, statement: str) -> list[Any]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def test_what_hangs_on_nothing_is_refused_alone(
    source: Source, context: Context, engine: AsyncEngine
) -> None:
    await source.make(BOTH)
    await source.add("Session", session("s"))
    await source.add("Message", message("m1"), message("m2", "gone"), message("m3"))
    call = {"toolName": "search", "arguments": {}, "timestamp": TIME}
    await source.add(
        "ToolCall",
        {"id": "c1", "messageId": "gone", **call},
        {"id": "c2", "messageId": "m1", **call},
    )
    await source.add("AgentSession", agent_session("a", agentId="gone", parentSessionId="gone"))
    await source.add(
        "InteractionMemory",
        {"id": "i", "type": "fact", "content": {}, "agentId": "gone", "sessionId": "gone"},
    )
    await source.add("MemoryAccess", {"id": "x", "memoryId": "gone", "accessType": "read"})
    await source.add(
        "AgentMetric", {"id": "y", "agentId": "gone", "metricType": "a", "metricValue": 1}
    )
    await source.add("StateTransition", {"id": "z", "stateId": "gone", "triggerType": "a"})
    report = await take_over(context, source)
    assert refusals(report) == {
        "AgentMetric: Its agent is not there, or was refused.": ["y"],
        "MemoryAccess: Its memory is not there, or was refused.": ["x"],
        "Message: Its session is not there, or was refused.": ["m2"],
        "StateTransition: Its state is not there, or was refused.": ["z"],
        "ToolCall: Its message is not there, or was refused.": ["c1"],
        "ToolCall: Only an ASSISTANT message asks for tool calls.": ["c2"],
    }
    assert not report.differences
    assert report.source_digest == report.store_digest
    await check_invariants(engine)
    assert await rows(engine, "SELECT sequence, content FROM messages ORDER BY sequence") == [
        (1, "Hello"),
        (2, "Hello"),
    ]
    ((metadata,),) = await rows(
        engine, "SELECT metadata::jsonb FROM sessions WHERE session_id = 'name a'"
    )
    assert '"agentId":"gone"' in metadata.replace(" ", "")
    assert '"parentSessionId":"gone"' in metadata.replace(" ", "")


async def test_cycles_of_parents_are_broken_at_their_earliest(
    source: Source, context: Context, engine: AsyncEngine
) -> None:
    await source.make(ENHANCED)
    await source.add(
        "AgentSession",
        agent_session("a", parentSessionId="c", startedAt="2024-06-20T10:00:02Z"),
        agent_session("b", parentSessionId="a", startedAt="2024-06-20T10:00:01Z"),
        agent_session("c", parentSessionId="b", startedAt="2024-06-20T10:00:03Z"),
        agent_session("own", parentSessionId="own"),
        agent_session("below", parentSessionId="c", startedAt="2024-06-20T09:00:00Z"),
    )
    report = await take_over(context, source)
    assert report.is_whole
    assert {told.text[:50]: told.ids for told in report.notes} == {
        "made a root, since its parents lead back to itself": ["b", "own"]
    }
    await check_invariants(engine)
    depths = dict(await rows(engine, "SELECT session_id, depth FROM sessions"))
    assert depths == {"name b": 0, "name c": 1, "name a": 2, "name below": 2, "name own": 0}


async def test_names_that_are_taken_are_refused(
    sqlite: Source, context: Context, engine: AsyncEngine, graphql: GraphQLClient
) -> None:
    await graphql.record("createSession", "session { id }", sessionId="taken")
    await graphql.record("createAgent", "agent { id }", agentId="desk", name="Mine")
    await sqlite.make(BOTH)
    await sqlite.add("AI_Agent", {"id": "desk", "name": "Theirs", "createdAt": TIME})
    await sqlite.add(
        "AgentMetric", {"id": "m", "agentId": "desk", "metricType": "a", "metricValue": 1}
    )
    await sqlite.add("Session", session("taken"), session("free"))
    await sqlite.add("Message", message("m1", "taken"), message("m2", "free"))
    await sqlite.add(
        "AgentSession",
        agent_session("a", sessionId="same", agentId="desk"),
        agent_session("b", sessionId="same", startedAt="2024-06-20T11:00:00Z"),
        agent_session("c", parentSessionId="taken"),
        agent_session("d", sessionId="session_01h455vb4pex5vsknk084sn02q"),
    )
    report = await take_over(context, sqlite)
    assert refusals(report) == {
        f"AI_Agent: agentId: {TAKEN}": ["desk"],
        "AgentSession: sessionId: Another row has this sessionId.": ["b"],
        "AgentSession: sessionId: This is an id of the API; choose a name of your own.": ["d"],
        "Message: Its session is not there, or was refused.": ["m1"],
        f"Session: sessionId: {TAKEN}": ["taken"],
    }
    await check_invariants(engine)
    assert await rows(
        engine, "SELECT agent_id = (SELECT id FROM agents) FROM sessions WHERE session_id = 'same'"
    ) == [(True,)]


async def test_a_session_of_both_predecessors_is_one(
    source: Source, context: Context, engine: AsyncEngine
) -> None:
    await source.make(BOTH)
    await source.add("Session", session("one", metadata={"channel": "web"}, active=False))
    await source.add("AgentSession", agent_session("a", sessionId="one", sessionPurpose="Both"))
    await source.add("Message", message("m1", "one"))
    await source.add(
        "SessionMetric",
        {"id": "x", "sessionId": "a", "metricType": "t", "metricValue": 1, "timestamp": TIME},
        {"id": "y", "sessionId": "one", "metricType": "t", "metricValue": 1, "timestamp": TIME},
    )
    report = await take_over(context, source)
    assert report.is_whole
    assert {table.model: table.alike for table in report.tables} == {
        "AgentSession": 1,
        "Message": 1,
        "Session": 1,
        "SessionMetric": 2,
    }
    again = await take_over(context, source)
    assert all(table.already == table.read == table.alike for table in again.tables)
    await check_invariants(engine)
    assert await rows(
        engine, "SELECT purpose, message_count, metadata ->> 'channel' FROM sessions"
    ) == [("Both", 1, "web")]


@pytest.mark.parametrize(
    ("letters", "stored"),
    [
        ('{"a": "\\u0000"}', None),
        ("null", "NULL"),
        ('"words"', '"words"'),
        ('{"b": 1.50, "a": [1e2]}', '{"b": 1.50, "a": [1e2]}'),
        ('{"🙂": "🎉"}', '{"🙂": "🎉"}'),
        ('{"a": "' + "x" * 5_000_000 + '"}', '{"a": "' + "x" * 5_000_000 + '"}'),
        ('{"a": "' + "x" * 8_000_000 + '"}', None),
        ("[" * 70 + "]" * 70, None),
        ('{"a": 99999999999999999999999}', None),
        ("search for cats", '"search for cats"'),
        ('{"a": "\\ud800"}', None),
    ],
    ids=lambda given: str(given)[:20],
)
async def test_json_is_kept_to_the_letter_or_refused(
    sqlite: Source, context: Context, engine: AsyncEngine, letters: str, stored: str | None
) -> None:
    await sqlite.make({**ADAPTER, "ToolCall": ADAPTER["ToolCall"].replace(":json", "")})
    await sqlite.add("Session", session("s"))
    await sqlite.add("Message", message("m", role="assistant"))
    call = {"messageId": "m", "toolName": "search", "timestamp": TIME}
    await sqlite.add(
        "ToolCall",
        {"id": "a", "arguments": Json(letters), **call},
        {"id": "b", "arguments": Json("{}"), **call},
    )
    report = await take_over(context, sqlite)
    if letters.startswith('{"a": "\\ud800'):
        stored = '"' + letters.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert [told.ids for told in report.refusals] == ([] if stored else [["a"]])
    assert report.source_digest == report.store_digest
    await check_invariants(engine)
    found = dict(await rows(engine, "SELECT tool_call_id, arguments::text FROM tool_calls"))
    wanted = (
        {"b": "{}"} if stored is None else {"b": "{}", "a": None if stored == "NULL" else stored}
    )
    assert found == wanted


@pytest.mark.parametrize("moment", [1718877600000, "1718877600000", "2024-06-20 10:00:00", TIME])
async def test_times_of_sqlite_are_read_however_prisma_wrote_them(
    sqlite: Source, context: Context, engine: AsyncEngine, moment: Any
) -> None:
    await sqlite.make(ADAPTER)
    await sqlite.add("Session", session("s", createdAt=moment))
    await sqlite.add(
        "Message",
        message("late", timestamp="2024-06-20T10:00:01.000+00:00"),
        message("early", timestamp=moment),
        message("latest", timestamp=1718877602000),
    )
    report = await take_over(context, sqlite)
    assert report.is_whole
    found = await rows(
        engine,
        "SELECT metadata ->> 'importedId', extract(epoch FROM created_at)::int FROM messages"
        " ORDER BY sequence",
    )
    assert found == [("early", 1718877600), ("late", 1718877601), ("latest", 1718877602)]


async def test_times_beyond_range_and_out_of_order(
    postgresql: Source, context: Context, engine: AsyncEngine
) -> None:
    await postgresql.make(BOTH)
    await postgresql.add("Session", session("s"))
    await postgresql.add(
        "Message",
        message("m1", timestamp="infinity"),
        message("m2", timestamp="20000-01-01"),
        message("m3"),
    )
    await postgresql.add(
        "AgentSession",
        agent_session("a", status="done", endedAt="2020-01-01"),
        agent_session("b", status="error", endedAt="20000-01-01"),
        agent_session("c", status="daydreaming"),
        agent_session("d", endedAt="2024-06-21"),
    )
    report = await take_over(context, postgresql)
    reason = "Message: timestamp: Give a time between 1900 and 2200."
    assert refusals(report) == {reason: ["m1", "m2"]}
    assert sorted(told.ids for told in report.notes) == [["a"], ["b"], ["c"], ["d"]]
    assert report.source_digest == report.store_digest
    await check_invariants(engine)
    found = await rows(
        engine, "SELECT session_id, status, metadata ->> 'status' FROM sessions ORDER BY 1"
    )
    assert found == [
        ("name a", "COMPLETED", "done"),
        ("name b", "FAILED", "error"),
        ("name c", "ACTIVE", "daydreaming"),
        ("name d", "COMPLETED", "active"),
        ("s", "ACTIVE", None),
    ]


async def test_unknown_columns_go_into_the_metadata(
    source: Source, context: Context, engine: AsyncEngine
) -> None:
    await source.make({**ADAPTER, "Message": f"{ADAPTER['Message']} tokens:integer usage:json"})
    await source.add("Session", session("s"))
    await source.add("Message", message("m", tokens=7, usage={"in": 3}, metadata={"tokens": 1}))
    assert (await take_over(context, source)).is_whole
    ((metadata,),) = await rows(engine, "SELECT metadata FROM messages")
    assert metadata.replace(" ", "") == (
        '{"usage":{"in":3},"tokens":1,"importedId":"m","columntokens":7}'
    )


async def test_what_changed_in_the_source_is_told_and_left(
    source: Source, context: Context, engine: AsyncEngine
) -> None:
    await source.make(ADAPTER)
    await source.add("Session", session("s"), session("t"))
    await source.add("Message", message("m1"), message("m2", role="assistant"))
    assert (await take_over(context, source)).is_whole
    await source.run(f"UPDATE {source.quote('Message')} SET content = 'Changed' WHERE id = 'm1'")
    before = await digest_rows(engine)
    report = await take_over(context, source)
    assert [(told.model, told.text, told.ids) for told in report.differences] == [
        ("Message", "differs in content", ["m1"])
    ]
    assert report.source_digest != report.store_digest
    assert await digest_rows(engine) == before
    call = {"messageId": "m2", "toolName": "search", "arguments": {}, "timestamp": TIME}
    await source.add("ToolCall", {"id": "c", **call})
    await source.add("Message", message("m3", timestamp="2024-06-20T11:00:00Z"))
    report = await take_over(context, source)
    assert refusals(report) == {
        "ToolCall: Its message was carried over before, and takes no further call.": ["c"]
    }
    assert {table.model: table.written for table in report.tables}["Message"] == 1
    await check_invariants(engine)


async def test_a_row_that_the_database_refuses_loses_no_other(
    sqlite: Source, context: Context, engine: AsyncEngine
) -> None:
    await sqlite.make(ADAPTER)
    await sqlite.add("Session", session("s"), session("t"))
    await sqlite.add("Message", *[message(f"m{number:04}") for number in range(300)])
    async with engine.begin() as connection:
        await connection.execute(
            text("ALTER TABLE messages ADD CONSTRAINT ck_messages__content CHECK (sequence <> 150)")
        )
    report = await take_over(context, sqlite)
    # each that would be the 150th
    assert refusals(report) == {
        "Message: content: Out of range; see the field's description.": [
            f"m{number:04}" for number in range(149, 159)
        ]
    }
    assert report.refusals[0].count == 151
    assert {table.model: table.written for table in report.tables} == {"Message": 149, "Session": 2}
    await check_invariants(engine)


async def test_a_row_without_a_key_of_its_own_is_read_once(
    sqlite: Source, context: Context, engine: AsyncEngine
) -> None:
    await sqlite.make({"Session": ADAPTER["Session"]})
    await sqlite.run('CREATE TABLE "Message" (id, "sessionId", role, content, timestamp)')
    await sqlite.add("Session", session("s"))
    await sqlite.add("Message", message("m"), message("m", content="Another"), message("n"))
    report = await take_over(context, sqlite)
    assert refusals(report) == {"Message: Another row has this id.": ["m"]}
    assert {table.model: (table.read, table.alike) for table in report.tables} == {
        "Message": (3, 2),
        "Session": (1, 1),
    }


async def test_types_of_extensions_are_read(
    postgresql: Source, context: Context, engine: AsyncEngine
) -> None:
    await postgresql.run("CREATE EXTENSION vector")
    await postgresql.run("CREATE TYPE kind AS ENUM ('fact')")
    await postgresql.make({"InteractionMemory": "content:json createdAt:time"})
    await postgresql.run('ALTER TABLE "InteractionMemory" ADD COLUMN embedding vector(3)')
    await postgresql.run('ALTER TABLE "InteractionMemory" ADD COLUMN type kind')
    await postgresql.run(
        'INSERT INTO "InteractionMemory" (id, type, content, embedding)'
        " VALUES ('i', 'fact', '{}', '[1,2.5,3.25]')"
    )
    assert (await take_over(context, postgresql)).is_whole
    assert await rows(engine, "SELECT type, embedding FROM memories") == [
        ("fact", [1.0, 2.5, 3.25])
    ]


async def test_states_that_follow_each_other_in_a_ring_are_kept(
    source: Source, context: Context, engine: AsyncEngine
) -> None:
    await source.make(ENHANCED)
    await source.add("AgentSession", agent_session("a"))
    told = {"moduleId": "plan", "version": "1", "sessionId": "a", "createdAt": TIME}
    await source.add(
        "ModuleState",
        {"id": "s1", "state": {"n": 1}, "previousStateId": "s2", **told},
        {"id": "s2", "state": {"n": 2}, "previousStateId": "s1", **told},
        {"id": "s3", "state": {"n": 3}, "previousStateId": "s2", "moduleId": "other"}
        | {"version": "1", "createdAt": TIME},
    )
    report = await take_over(context, source)
    assert report.is_whole
    await check_invariants(engine)
    assert await rows(
        engine, "SELECT module_id, revision, state ->> 'n' FROM module_states ORDER BY module_id"
    ) == [("other", 1, "3"), ("plan", 2, "2")]


async def test_text_that_cannot_be_stored_is_refused_alone(
    sqlite: Source, context: Context, engine: AsyncEngine
) -> None:
    await sqlite.make(ADAPTER)
    await sqlite.add("Session", session("s"))
    await sqlite.add("Message", message("good"), message("nul", content="a\x00b"), message("bad"))
    await sqlite.run("""UPDATE "Message" SET content = CAST(x'ff' AS TEXT) WHERE id = 'bad'""")
    await sqlite.run(
        """INSERT INTO "Message" (id, "sessionId", role, content)
        VALUES (CAST(x'fe' AS TEXT), 's', 'user', '')"""
    )
    report = await take_over(context, sqlite)
    assert refusals(report) == {
        "Message: content: Must not hold NUL characters; PostgreSQL cannot store them.": ["nul"],
        "Message: content: Not valid text.": ["bad"],
        "Message: id: Not valid text.": ["?"],
    }
    assert report.source_digest == report.store_digest
    assert await rows(engine, "SELECT content FROM messages") == [("Hello",)]
