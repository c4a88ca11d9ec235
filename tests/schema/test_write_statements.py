"""What a mutation costs: most are one statement, and what goes wrong in it is told as ever."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import create_memory, create_session, record_message, upsert_state
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows
from tests.statements import recorded_statements

MESSAGE = {"session": "session", "role": "USER", "content": "Hello"}
CALL = {"toolName": "search", "arguments": {"q": 1}}


async def _statements(graphql: GraphQLClient, engine: AsyncEngine, name: str, **values: Any) -> int:
    """Count what a mutation sends, but for the beginning and the end of a transaction."""
    async with recorded_statements(engine) as statements:
        await graphql.record(name, "replayed", **values)
        await asyncio.sleep(0)  # the driver tells of a statement in the next turn of the loop
    return len(statements)


async def test_what_is_only_appended_and_counted_is_one_statement(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    memory = await create_memory(graphql)
    access = {"memory": memory["id"], "accessType": "READ"}
    metric = {"metricType": "m", "metricValue": 1}
    calls = [{**CALL, "status": "SUCCEEDED"}] * 2
    for name, values in (
        ("recordMessage", MESSAGE),
        ("recordMessage", {**MESSAGE, "role": "ASSISTANT", "toolCalls": calls}),
        ("recordMemoryAccess", access),
        ("recordMemoryAccess", {**access, "session": "session"}),
        ("recordSessionMetric", {**metric, "session": "session"}),
        ("createSessionEvent", {"eventType": "e", "session": "session"}),
        ("createMemory", {"type": "fact", "content": 1, "session": "session"}),
    ):
        assert await _statements(graphql, engine, name, **values) == 1, name
    await check_invariants(engine)


async def test_what_depends_on_what_is_there_reads_it_first(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"n": 0})
    module = {"session": "session", "moduleId": "module"}
    # the session, the state, and all that is written
    assert await _statements(graphql, engine, "recordStateTransition", newValues={}, **module) == 3
    # the key, the message, the answer
    assert await _statements(graphql, engine, "recordMessage", **MESSAGE, idempotencyKey="k") == 3
    # the session's counters, earlier attempts, the rest
    calls = {**MESSAGE, "role": "ASSISTANT", "toolCalls": [{**CALL, "toolCallId": "c"}]}
    assert await _statements(graphql, engine, "recordMessage", **calls) == 3


async def test_what_is_missing_is_told_in_order_and_nothing_is_written(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    memory = await create_memory(graphql)
    other = f"memory_{'0' * 26}"
    before = await digest_rows(engine)
    wrong = {"usefulness": 2}
    for values, error in (
        ({"memory": other, "session": "nowhere"}, ("NOT_FOUND", "session")),
        ({"memory": other, "session": "session"}, ("NOT_FOUND", "memory")),
        ({"memory": memory["id"], "session": "nowhere", **wrong}, ("NOT_FOUND", "session")),
        ({"memory": other, "session": "session", **wrong}, ("NOT_FOUND", "memory")),
        ({"memory": memory["id"], "session": "session", **wrong}, ("BAD_USER_INPUT", "usefulness")),
    ):
        for key in ({}, {"idempotencyKey": "key"}):
            reply = await graphql.mutate(
                "recordMemoryAccess", "replayed", accessType="READ", **values, **key
            )
            assert (reply.error["code"], reply.error["field"]) == error
    assert await digest_rows(engine) == before


async def test_a_memory_is_counted_up_by_all_at_once(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    memories = [(await create_memory(graphql))["id"] for _ in range(2)]
    sessions = [(await create_session(graphql, name))["id"] for name in ("a", "b")]
    sent = [
        graphql.record(
            "recordMemoryAccess",
            "memory { accessCount } memoryAccess { id }",
            memory=memories[number % 2],
            session=sessions[number // 2 % 2],
            accessType="READ",
        )
        for number in range(40)
    ]
    answers = await asyncio.gather(*sent)
    counts = sorted(answer["memory"]["accessCount"] for answer in answers)
    assert counts == sorted([*range(1, 21), *range(1, 21)])
    assert (await count_rows(engine))["memory_accesses"] == 40
    await check_invariants(engine)


async def test_an_answer_spells_what_it_wrote_as_it_is_stored(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    document = {"long": 1, "b": [1.50, 1e2, {"z": None, "a": "ü"}]}
    said = await graphql.record(
        "recordMessage",
        "message { id metadata parts }",
        **MESSAGE,
        metadata=document,
        parts=document,
    )
    made = await graphql.record(
        "createMemory",
        "memory { id content metadata }",
        type="fact",
        content=document,
        embedding=[0.1, 1e-7],
    )
    query = """query ($message: ID!, $memory: ID!) {
      message(id: $message) { id metadata parts } memory(id: $memory) { id content metadata } }"""
    ids = {"message": said["message"]["id"], "memory": made["memory"]["id"]}
    read = await graphql.execute(query, **ids)
    assert str(read) == str({"message": said["message"], "memory": made["memory"]})


async def test_many_rows_are_written_a_table_at_a_time(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    for own_id in (None, "call"):
        calls = [{**CALL, "toolCallId": own_id, "status": "FAILED"} for _ in range(100)]
        async with recorded_statements(engine) as statements:
            message = await record_message(graphql, role="ASSISTANT", toolCalls=calls)
        assert len(message["toolCalls"]) == 100
        assert len({each.query for each in statements}) <= 6
    await check_invariants(engine)


@pytest.mark.parametrize("key", [{}, {"idempotencyKey": "key"}])
async def test_a_connection_that_breaks_is_not_guessed_about_without_a_key(
    graphql: GraphQLClient, engine: AsyncEngine, key: dict[str, str]
) -> None:
    await create_session(graphql)
    async with engine.begin() as holder:
        await holder.exec_driver_sql("SELECT 1 FROM sessions FOR UPDATE")
        sending = asyncio.create_task(graphql.mutate("recordMessage", "replayed", **MESSAGE, **key))
        ended = 0
        while not ended:  # until it waits for the session
            async with engine.connect() as connection:
                found = await connection.exec_driver_sql(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
                ended = found.scalar_one()
    reply = await sending
    if key:
        assert not reply.errors
    else:
        assert reply.error["code"] == "UNAVAILABLE"
    assert (await count_rows(engine))["messages"] == len(key)


async def test_a_mutation_that_is_cancelled_leaves_no_transaction_open(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"n": 0})
    change = {"session": "session", "moduleId": "module", "newValues": {"n": 1}}
    for turns in range(30):
        sending = asyncio.create_task(graphql.mutate("recordStateTransition", "replayed", **change))
        for _ in range(turns):
            await asyncio.sleep(0)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    await asyncio.gather(*(record_message(graphql) for _ in range(20)))
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
        assert found.scalar_one() == 0
    await check_invariants(engine)
