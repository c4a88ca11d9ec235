"""Following the uses of a memory."""

from typing import Any

import pytest

from tests.graphql_client import GraphQLClient
from tests.live_server import LiveServer

_FOLLOW = """
    subscription ($memory: ID!, $after: BigInt) {
      memoryAccesses(memory: $memory, after: $after) {
        sequence accessType session { sessionId } memory { id accessCount }
      }
    }
"""


async def _create(graphql: GraphQLClient) -> str:
    made = await graphql.record("createMemory", "memory { id }", type="fact", content=1)
    own_id: str = made["memory"]["id"]
    return own_id


async def test_uses_come_once_and_in_order(graphql: GraphQLClient, server: LiveServer) -> None:
    memory, other = await _create(graphql), await _create(graphql)
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"memory": memory, "after": 0})
        for session in (None, "s"):
            for each in (other, memory):
                values = {} if session is None else {"session": session}
                await graphql.record(
                    "recordMemoryAccess", "replayed", memory=each, accessType="read", **values
                )
        seen = [(await client.next())["memoryAccesses"] for _ in range(2)]
        assert [access["sequence"] for access in seen] == [1, 2]
        assert [access["session"] for access in seen] == [None, {"sessionId": "s"}]
        assert {access["memory"]["id"] for access in seen} == {memory}
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"memory": memory, "after": 1})
        assert (await client.next())["memoryAccesses"]["sequence"] == 2
        await graphql.record("recordMemoryAccess", "replayed", memory=memory, accessType="read")
        assert (await client.next())["memoryAccesses"]["sequence"] == 3


async def test_uses_of_batches_and_turns_come(graphql: GraphQLClient, server: LiveServer) -> None:
    memory = await _create(graphql)
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"memory": memory, "after": 0})
        await graphql.record("recordMemoryAccess", "replayed", memory=memory, accessType="read")
        assert (await client.next())["memoryAccesses"]["sequence"] == 1
        record = {"recordMemoryAccess": {"memory": memory, "accessType": "read"}}
        await graphql.record("recordBatch", "recordedCount", records=[record] * 3)
        batch = [(await client.next())["memoryAccesses"]["sequence"] for _ in range(3)]
        assert batch == [2, 3, 4]
        none = {"memory": "memory_01h455vb4pex5vsknk084sn02q", "accessType": "read"}
        unknown = {"recordMemoryAccess": none}
        await graphql.record(
            "recordBatch", "recordedCount", records=[unknown, record], partial=True
        )
        assert (await client.next())["memoryAccesses"]["sequence"] == 5
        await graphql.record(
            "recordTurn",
            "replayed",
            session="s",
            messages=[{"role": "ASSISTANT", "content": "As I remember"}],
            memoryAccesses=[{"memory": memory, "accessType": "read"}],
        )
        last = (await client.next())["memoryAccesses"]
        assert (last["sequence"], last["session"]) == (6, {"sessionId": "s"})


async def test_a_memory_is_followed_by_its_name_until_it_is_deleted(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    await graphql.record("createMemory", "created", memoryId="m", type="fact", content=1)
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"memory": "m", "after": 0})
        await graphql.record("recordMemoryAccess", "replayed", memory="m", accessType="read")
        assert (await client.next())["memoryAccesses"]["sequence"] == 1
        await graphql.record("deleteMemory", "replayed", memory="m")
        assert await client.receive() == {"id": "1", "type": "complete"}


async def test_without_after_only_what_is_new_comes(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    memory = await _create(graphql)
    await graphql.record("recordMemoryAccess", "replayed", memory=memory, accessType="read")
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"memory": memory})
        seen = None
        while seen is None:  # until it has begun
            await client.subscribe("2", "{ __typename }")
            await graphql.record("recordMemoryAccess", "replayed", memory=memory, accessType="read")
            while (message := await client.receive())["id"] == "1":
                seen = seen or message
            await client.receive()  # its `complete`
    assert seen["payload"]["data"]["memoryAccesses"]["sequence"] > 1


@pytest.mark.parametrize(
    ("variables", "code", "field"),
    [
        ({"memory": "memory_01h455vb4pex5vsknk084sn02q"}, "NOT_FOUND", "memory"),
        ({"memory": "session_01h455vb4pex5vsknk084sn02q"}, "BAD_USER_INPUT", "memory"),
        ({"memory": "a name"}, "NOT_FOUND", "memory"),
        ({"memory": ""}, "BAD_USER_INPUT", "memory"),
        ({"after": 1}, "BAD_USER_INPUT", "after"),
        ({"after": -1}, "BAD_USER_INPUT", "after"),
    ],
)
async def test_bad_arguments(
    graphql: GraphQLClient, server: LiveServer, variables: dict[str, Any], code: str, field: str
) -> None:
    variables = {"memory": await _create(graphql), **variables}
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables=variables)
        message = await client.receive()
    assert message["type"] == "error"
    (error,) = message["payload"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)


async def test_another_project_sees_no_such_memory(
    graphql: GraphQLClient, other_project: GraphQLClient, server: LiveServer
) -> None:
    memory = await _create(graphql)
    errors = []
    for each in (memory, "memory_01h455vb4pex5vsknk084sn02q"):
        key = other_project.http.headers["authorization"]
        async with server.client(authorization=key) as client:
            await client.subscribe("1", _FOLLOW, variables={"memory": each})
            message = await client.receive()
        message["payload"][0]["extensions"].pop("requestId")
        errors.append(message)
    assert errors[0] == errors[1]
    assert errors[0]["payload"][0]["extensions"]["code"] == "NOT_FOUND"
