"""Memories under names of the runtime's own."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.factories import create_agent, create_memory, create_session, event_types, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows

FACT: dict[str, Any] = {"type": "fact", "content": {"a": 1}}
SELECTION = "created memory { id memoryId revision } relations { id }"


async def test_a_memory_is_created_once(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    await create_agent(graphql)
    message = await record_message(graphql)
    await create_memory(graphql, memoryId="old")
    values = {
        **FACT,
        "memoryId": "fact",
        "session": "session",
        "agent": "agent",
        "sourceMessage": message["id"],
        "importance": 0.5,
        "relations": [
            {"memory": "old", "relationType": "SUPERSEDES"},
            {"memory": "old", "relationType": "RELATED"},
        ],
    }
    first = await graphql.record("createMemory", SELECTION, **values)
    assert (first["created"], first["memory"]["memoryId"]) == (True, "fact")
    assert len(first["relations"]) == 2
    before = await digest_rows(engine)
    again = await graphql.record("createMemory", SELECTION, **values)
    assert again == {**first, "created": False}
    assert await digest_rows(engine) == before
    assert (await event_types(graphql)).count("memory.created") == 1
    for other in (
        {**values, "content": {"a": 2}},
        {**values, "session": None},
        {**values, "importance": None},
        {**values, "relations": values["relations"][:1]},
    ):
        given = {name: value for name, value in other.items() if value is not None}
        reply = await graphql.mutate("createMemory", "created", **given)
        assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "memoryId")
    assert await digest_rows(engine) == before
    await check_invariants(engine)


async def test_a_memory_that_was_changed_is_given_back(graphql: GraphQLClient) -> None:
    await create_memory(graphql, memoryId="m")
    await graphql.record("updateMemory", "replayed", memory="m", content=2)
    again = await graphql.record(
        "createMemory", "created memory { content revision }", **FACT, memoryId="m"
    )
    assert again == {"created": False, "memory": {"content": 2, "revision": 2}}


async def test_memories_without_a_name_are_many(graphql: GraphQLClient) -> None:
    made = [await graphql.record("createMemory", SELECTION, **FACT) for _ in range(2)]
    assert [each["created"] for each in made] == [True, True]
    assert [each["memory"]["memoryId"] for each in made] == [None, None]
    assert made[0]["memory"]["id"] != made[1]["memory"]["id"]


async def test_a_memory_is_named_wherever_one_is_taken(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    old = await create_memory(graphql, memoryId="old")
    relations = [{"memory": "old", "relationType": "SUPERSEDES"}]
    await create_memory(graphql, memoryId="new", session="session", relations=relations)
    access = {"memory": "old", "accessType": "READ"}
    accessed = "memoryAccess { memory { memoryId } session { sessionId } } memory { accessCount }"
    for count, session in ((1, {}), (2, {"session": "session"})):
        used = await graphql.record("recordMemoryAccess", accessed, **access, **session)
        assert used["memoryAccess"]["memory"] == {"memoryId": "old"}
        assert used["memory"] == {"accessCount": count}
    await graphql.record(
        "recordTurn",
        "replayed",
        session="session",
        messages=[{"role": "USER"}],
        memoryAccesses=[access] * 2,
    )
    remark = {"annotationType": "note", "content": 1, "annotatorKind": "CODE"}
    made = await graphql.record("createMemoryAnnotation", "memory { id }", memory="old", **remark)
    assert made["memory"] == {"id": old["id"]}
    changed = await graphql.record(
        "updateMemory", "memory { id revision }", memory="old", importance=1, expectedRevision=1
    )
    assert changed["memory"] == {"id": old["id"], "revision": 2}
    data = await graphql.execute(
        """{ memory(id: "old") { id state accessCount
          relatedBy(filter: {memory: {eq: "new"}}) { nodes { memory { memoryId } } }
          none: relatedBy(filter: {memory: {eq: "old"}}) { nodes { id } } }
        memories(filter: {memoryId: {in: ["old", "other"]}}) { nodes { memoryId } }
        byName: memories(filter: {id: {eq: "new"}}) { nodes { memoryId } }
        holding: memories(filter: {memoryId: {contains: "e"}}) { nodes { memoryId } }
        named: memories(filter: {memoryId: {isNull: false}}) { totalCount }
        nobody: memory(id: "nobody") { id } }"""
    )
    assert data["memory"] == {
        "id": old["id"],
        "state": "SUPERSEDED",
        "accessCount": 4,
        "relatedBy": {"nodes": [{"memory": {"memoryId": "new"}}]},
        "none": {"nodes": []},
    }
    assert data["memories"] == {"nodes": [{"memoryId": "old"}]}
    assert data["byName"] == data["holding"] == {"nodes": [{"memoryId": "new"}]}
    assert data["named"] == {"totalCount": 2}
    assert data["nobody"] is None


async def test_a_batch_names_memories(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    named = {"createMemory": {**FACT, "memoryId": "m", "session": "session"}}
    related = [{"memory": "m", "relationType": "RELATED"}]
    records = [
        {"reference": "first", **named},
        {"reference": "second", **named},
        {"createMemory": {**FACT, "memoryId": "n", "relations": related}},
        {"recordMemoryAccess": {"memory": "m", "accessType": "READ"}},
        {"recordMemoryAccess": {"memory": "second", "accessType": "READ"}},
        {"updateMemory": {"memory": "n", "importance": 1}},
    ]
    selection = "results { id error { code field } }"
    first = await graphql.record("recordBatch", selection, records=records)
    ids = [result["id"] for result in first["results"]]
    assert ids[0] == ids[1]
    assert ids[2] == ids[5]
    again = await graphql.record("recordBatch", selection, records=records[:3])
    assert [result["id"] for result in again["results"]] == ids[:3]
    data = await graphql.execute('{ memory(id: "m") { accessCount } }')
    assert data["memory"] == {"accessCount": 2}
    assert (await event_types(graphql)).count("memory.created") == 1
    before = await digest_rows(engine)
    other = {"createMemory": {**FACT, "memoryId": "m"}}
    reply = await graphql.mutate("recordBatch", selection, records=[other])
    assert (reply.error["code"], reply.error["field"]) == (
        "CONFLICT",
        "records.0.createMemory.memoryId",
    )
    assert await digest_rows(engine) == before
    await check_invariants(engine)


@pytest.mark.parametrize("session", [{}, {"session": "session"}])
async def test_of_many_that_create_a_name_one_does(
    graphql: GraphQLClient, engine: AsyncEngine, session: dict[str, Any]
) -> None:
    await create_session(graphql)
    replies = await asyncio.gather(
        *(
            graphql.mutate("createMemory", SELECTION, memoryId="m", **FACT, **session)
            for _ in range(12)
        )
    )
    answers = [reply.data["createMemory"] for reply in replies if reply.data is not None]
    assert [each["created"] for each in answers].count(True) == 1
    assert len({each["memory"]["id"] for each in answers}) == 1
    assert len(answers) == 12
    assert (await count_rows(engine))["memories"] == 1
    assert (await event_types(graphql)).count("memory.created") == len(session)
    await check_invariants(engine)


async def test_of_many_that_differ_one_is_kept(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    replies = await asyncio.gather(
        *(
            graphql.mutate("createMemory", "memory { content }", memoryId="m", type="t", content=n)
            for n in range(8)
        )
    )
    errors = [reply.error["code"] for reply in replies if reply.errors]
    assert errors == ["CONFLICT"] * 7
    assert (await count_rows(engine))["memories"] == 1


async def test_a_name_belongs_to_a_project(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    mine = await create_memory(graphql, memoryId="m")
    theirs = await create_memory(other_project, memoryId="m", content="theirs")
    assert mine["id"] != theirs["id"]
    await create_memory(graphql, memoryId="mine")
    assert await other_project.execute('{ memory(id: "mine") { id } }') == {"memory": None}
    for mutation, values in (
        ("recordMemoryAccess", {"accessType": "READ"}),
        ("updateMemory", {"importance": 1}),
        ("deleteMemory", {}),
    ):
        reply = await other_project.mutate(mutation, "replayed", memory="mine", **values)
        assert (reply.error["code"], reply.error["field"]) == ("NOT_FOUND", "memory")


async def test_answers_kept_before_there_were_names_are_given(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    keyed = {**FACT, "idempotencyKey": "key"}
    first = await graphql.record("createMemory", "created memory { id }", **keyed)
    async with engine.begin() as connection:
        await connection.execute(
            text("UPDATE idempotency_keys SET answer = (answer::jsonb - 'created')::json")
        )
    again = await graphql.record("createMemory", "created memory { id }", **keyed)
    assert again == first
    listed = "created memory { id accesses { totalCount } }"  # which no plan covers
    again = await graphql.record("createMemory", listed, **keyed)
    assert again["created"] is True
