"""Deleting memories over the API."""

import asyncio
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.row_slices import SLICE_ROWS
from tests.deadlocks import count_deadlocks
from tests.factories import create_memory, create_session, event_types, feed
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows

OF_MEMORIES = ("memory_accesses", "memory_annotations", "memory_relations", "memory_revisions")


async def _fill(graphql: GraphQLClient, memory: str) -> None:
    remark = {"annotationType": "note", "content": 1, "annotatorKind": "CODE"}
    await graphql.record("recordMemoryAccess", "replayed", memory=memory, accessType="READ")
    await graphql.record("createMemoryAnnotation", "replayed", memory=memory, **remark)
    await graphql.record("updateMemory", "replayed", memory=memory, importance=0.5)


def _related(memory: str) -> dict[str, Any]:
    return {"relations": [{"memory": memory, "relationType": "RELATED"}]}


async def test_a_memory_goes_with_all_that_hangs_on_it(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_memory(graphql, memoryId="before")
    kept = await count_rows(engine)
    made = await create_memory(graphql, memoryId="m", **_related("before"))
    behind = await create_memory(graphql, memoryId="behind", **_related("m"))
    await _fill(graphql, "m")
    filled = await count_rows(engine)
    assert all(filled[table] > kept[table] for table in OF_MEMORIES)
    payload = await graphql.record("deleteMemory", "deletedMemoryId replayed", memory="m")
    assert payload == {"deletedMemoryId": made["id"], "replayed": False}
    left = await count_rows(engine)
    assert {table: left[table] for table in OF_MEMORIES} == dict.fromkeys(OF_MEMORIES, 0)
    data = await graphql.execute(
        """query ($id: ID!) { node(id: $id) { id } gone: memory(id: "m") { id }
        memories { nodes { memoryId relations { totalCount } relatedBy { totalCount } } } }""",
        id=made["id"],
    )
    assert (data["node"], data["gone"]) == (None, None)
    none = {"relations": {"totalCount": 0}, "relatedBy": {"totalCount": 0}}
    assert data["memories"]["nodes"] == [
        {"memoryId": "behind", **none},
        {"memoryId": "before", **none},
    ]
    again = await graphql.record("deleteMemory", "deletedMemoryId", memory=behind["id"])
    assert again == {"deletedMemoryId": behind["id"]}


async def test_a_memory_of_many_uses_goes(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_memory(graphql, memoryId="m")
    await create_memory(graphql, memoryId="other")
    record = {"recordMemoryAccess": {"memory": "m", "accessType": "READ"}}
    for _ in range(2):
        await graphql.record("recordBatch", "replayed", records=[record] * SLICE_ROWS)
    await _fill(graphql, "other")
    await graphql.record("deleteMemory", "replayed", memory="m")
    assert (await count_rows(engine))["memory_accesses"] == 1
    await check_invariants(engine)


async def test_the_session_keeps_its_feed(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    await create_memory(graphql, memoryId="m", session="session")
    access = {"memory": "m", "accessType": "READ", "session": "session"}
    await graphql.record("recordMemoryAccess", "replayed", **access)
    before = await event_types(graphql)
    await graphql.record("deleteMemory", "replayed", memory="m")
    assert await event_types(graphql) == before
    assert [event["subject"] for event in (await feed(graphql))[-2:]] == [None, None]
    data = await graphql.execute(
        '{ session(id: "session") { memories { totalCount } memoryAccesses { totalCount } } }'
    )
    assert data["session"] == {"memories": {"totalCount": 0}, "memoryAccesses": {"totalCount": 0}}
    await check_invariants(engine)


async def test_a_memory_that_was_changed_meanwhile_stays(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_memory(graphql, memoryId="m")
    await _fill(graphql, "m")
    before = await digest_rows(engine)
    reply = await graphql.mutate("deleteMemory", "replayed", memory="m", expectedRevision=1)
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "expectedRevision")
    assert reply.error["currentRevision"] == 2
    assert await digest_rows(engine) == before
    await graphql.record("deleteMemory", "replayed", memory="m", expectedRevision=2)
    assert (await count_rows(engine))["memories"] == 0


async def test_a_retry_is_told_the_same(graphql: GraphQLClient) -> None:
    made = await create_memory(graphql, memoryId="m")
    keyed = {"memory": "m", "idempotencyKey": "key"}
    first = await graphql.record("deleteMemory", "deletedMemoryId replayed", **keyed)
    assert first == {"deletedMemoryId": made["id"], "replayed": False}
    another = await create_memory(graphql, memoryId="m", content="another")
    again = await graphql.record("deleteMemory", "deletedMemoryId replayed", **keyed)
    assert again == {**first, "replayed": True}
    data = await graphql.execute('{ memory(id: "m") { id } }')
    assert data["memory"] == another
    reply = await graphql.mutate("deleteMemory", "replayed", memory=made["id"])
    assert (reply.error["code"], reply.error["field"]) == ("NOT_FOUND", "memory")


async def test_a_retry_does_not_bring_it_back(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    keyed = {"memoryId": "m", "type": "fact", "content": 1, "idempotencyKey": "key"}
    await graphql.record("createMemory", "memory { id }", **keyed)
    await graphql.record("deleteMemory", "replayed", memory="m")
    again = await graphql.record("createMemory", "memory { id } replayed", **keyed)
    assert again == {"memory": None, "replayed": True}
    assert (await count_rows(engine))["memories"] == 0


async def test_another_projects_memory_stays(
    graphql: GraphQLClient, other_project: GraphQLClient, engine: AsyncEngine
) -> None:
    made = await create_memory(graphql, memoryId="m")
    await create_memory(other_project, memoryId="theirs")
    before = await digest_rows(engine)
    for memory in (made["id"], "m"):
        reply = await other_project.mutate("deleteMemory", "replayed", memory=memory)
        assert (reply.error["code"], reply.error["field"]) == ("NOT_FOUND", "memory")
    assert await digest_rows(engine) == before


async def test_changes_and_deletions_at_the_same_time(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    for number in range(6):
        memory = {"memory": f"m{number}"}
        await create_memory(graphql, memoryId=memory["memory"])
        replies = await asyncio.gather(
            graphql.mutate("updateMemory", "replayed", **memory, importance=1, expectedRevision=1),
            graphql.mutate("deleteMemory", "replayed", **memory, expectedRevision=1),
            graphql.mutate("updateMemory", "replayed", **memory, importance=0, expectedRevision=1),
            graphql.mutate("deleteMemory", "replayed", **memory, expectedRevision=1),
        )
        codes = [reply.error["code"] for reply in replies if reply.errors]
        assert len(codes) == 3, "one of them wins"
        is_there = (await graphql.execute(f'{{ memory(id: "m{number}") {{ id }} }}'))["memory"]
        assert codes == ["CONFLICT" if is_there else "NOT_FOUND"] * 3
    await check_invariants(engine)


async def test_a_web_of_memories_is_deleted_while_it_is_used(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    names = [f"m{number}" for number in range(12)]
    for place, name in enumerate(names):
        relations = [
            {"memory": other, "relationType": kind}
            for other in names[max(0, place - 3) : place]
            for kind in ("RELATED", "DERIVED_FROM")
        ]
        await create_memory(graphql, memoryId=name, session="session", relations=relations)
    access = {"accessType": "READ", "session": "session"}
    sent = []
    for place, name in enumerate(names):
        over = [{"memory": each, "relationType": "SUPERSEDES"} for each in (names[-place], name)]
        made = {"type": "fact", "content": 1, "relations": over}
        sent += [
            graphql.mutate("recordMemoryAccess", "replayed", memory=name, **access),
            graphql.mutate("createMemory", "replayed", **made, session="session"),
            graphql.mutate("deleteMemory", "replayed", memory=name),
            graphql.mutate("createMemory", "replayed", **made, memoryId=f"new {place}"),
            graphql.mutate("deleteMemory", "replayed", memory=names[-place]),
        ]
    sent.insert(len(sent) // 2, graphql.mutate("deleteSession", "replayed", session="session"))
    replies = await asyncio.gather(*sent)
    codes = {reply.error["code"] for reply in replies if reply.errors}
    assert codes <= {"NOT_FOUND", "CONFLICT"}
    assert await count_deadlocks(engine) == 0
    async with engine.connect() as connection:
        named = "SELECT count(*) FROM memories WHERE memory_id LIKE 'm%'"
        assert await connection.scalar(text(named)) == 0
    await check_invariants(engine)
