"""Writers at the same time lock what they need in one order, so none waits for another in turn.

Sessions come first, those above before those below, then memories in the order of their ids, then
what is inside a session.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from random import Random
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.deadlocks import count_deadlocks
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
from tests.graphql_client import GraphQLClient, Reply
from tests.invariants import check_invariants

ROUNDS = 10


async def at_once(sent: Iterable[Awaitable[Reply]], engine: AsyncEngine) -> set[str]:
    """Send requests at once and give the codes of the errors, of which none is a deadlock's."""
    replies = await asyncio.gather(*sent)
    codes = {error["extensions"]["code"] for reply in replies for error in reply.errors}
    assert codes <= {"NOT_FOUND", "CONFLICT"}
    await check_invariants(engine)
    assert await count_deadlocks(engine) == 0
    return codes


def supersede(graphql: GraphQLClient, memories: Iterable[str], **values: Any) -> Awaitable[Reply]:
    relations = [{"memory": memory, "relationType": "SUPERSEDES"} for memory in memories]
    return graphql.mutate(
        "createMemory", "replayed", type="fact", content=1, relations=relations, **values
    )


async def test_the_two_ways_to_answer_a_call(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql)
    calls = [f"call {number}" for number in range(ROUNDS)]
    for call in calls:
        await record_tool_call(graphql, toolCallId=call)
    sent = []
    for call in calls:
        message = {"role": "TOOL", "content": "done", "toolCallId": call}
        for _ in range(3):
            sent += [
                graphql.mutate("recordMessage", "replayed", session="session", **message),
                graphql.mutate(
                    "recordToolCallResult",
                    "replayed",
                    session="session",
                    toolCall=call,
                    status="SUCCEEDED",
                ),
            ]
    assert await at_once(sent, engine) == set()


async def test_memories_that_supersede_the_same_ones_in_any_order(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    made = [(await create_memory(graphql))["id"] for _ in range(8)]
    sent = []
    for number in range(ROUNDS * 3):
        order = made[number % 8 :] + made[: number % 8]
        order = order[::-1] if number % 2 else order
        values = {"session": "session"} if number % 2 else {}
        sent += [
            supersede(graphql, order, **values),
            graphql.mutate(
                "recordMemoryAccess", "replayed", memory=order[0], accessType="READ", **values
            ),
            graphql.mutate("updateMemory", "replayed", memory=order[1], importance=0.5),
        ]
    assert await at_once(sent, engine) == set()


async def test_children_of_one_call(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_session(graphql, "root")
    call = await record_tool_call(graphql, "root")
    sent = []
    for number in range(ROUNDS):
        child = {"sessionId": f"child {number % 3}", "parent": "root"}
        result = {"toolCall": call["id"], "status": "RUNNING"}
        sent += [
            graphql.mutate("createSession", "created", **child, spawnedByToolCall=call["id"]),
            graphql.mutate("recordToolCallResult", "replayed", **result),
            graphql.mutate("recordToolCallResult", "replayed", session="root", **result),
            graphql.mutate("updateSession", "replayed", session="root", title=str(number)),
        ]
    assert await at_once(sent, engine) == set()


async def test_a_tree_is_deleted_while_it_grows(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    for number in range(2 * ROUNDS):
        root, child = f"root {number}", f"child {number}"
        await create_session(graphql, root)
        await create_session(graphql, child, parent=root)
        call = await record_tool_call(graphql, child)
        grandchild = {"parent": child, "spawnedByToolCall": call["id"]}
        sent = [graphql.mutate("createSession", "created", **grandchild) for _ in range(4)]
        sent.insert(2, graphql.mutate("deleteSession", "replayed", session=root))
        sent.insert(3, graphql.mutate("deleteSession", "replayed", session=child))
        replies = await asyncio.gather(*sent)
        codes = {error["extensions"]["code"] for reply in replies for error in reply.errors}
        assert codes <= {"NOT_FOUND", "CONFLICT"}
    await at_once([], engine)


async def test_a_session_is_deleted_while_others_write(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    sent = []
    for number in range(ROUNDS):
        root, child = f"root {number}", f"child {number}"
        await create_session(graphql, root)
        await create_session(graphql, child, parent=root)
        message = await record_message(graphql, child)
        made = [(await create_memory(graphql, session=name))["id"] for name in (child, root, child)]
        drawn = {"sourceMessage": message["id"]}
        made += [(await create_memory(graphql, **drawn))["id"] for _ in range(2)]
        await create_session(graphql, f"other {number}")
        other = {"session": f"other {number}"}
        sent += [
            supersede(graphql, reversed(made), **other, **drawn),
            graphql.mutate("recordMessage", "replayed", session=child, role="USER", content="a"),
            graphql.mutate("endSession", "replayed", session=root),
            graphql.mutate("deleteSession", "replayed", session=root),
            graphql.mutate("endSession", "replayed", session=child),
            supersede(graphql, made, **other, **drawn),
            supersede(graphql, made, session=child),
            graphql.mutate(
                "recordMemoryAccess",
                "replayed",
                memory=made[2],
                message=message["id"],
                accessType="READ",
                **other,
            ),
            graphql.mutate("deleteSession", "replayed", session=child),
            supersede(graphql, reversed(made), **drawn),
        ]
    await at_once(sent, engine)


async def test_a_call_is_asked_about_while_it_ends(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql)
    sent = []
    for number in range(ROUNDS):
        call = await record_tool_call(graphql, toolCallId=f"call {number}")
        asked = await record_tool_call(graphql, toolCallId=f"asked {number}")
        confirmation = await request_confirmation(graphql, toolCall=asked["id"])
        one = {"confirmation": confirmation["id"]}
        session = {"session": "session"}
        sent += [
            graphql.mutate("requestConfirmation", "replayed", toolCall=call["id"], **session),
            graphql.mutate(
                "recordToolCallResult", "replayed", toolCall=f"asked {number}", **session
            ),
            graphql.mutate("decideConfirmation", "replayed", decision="DENIED", **one),
            graphql.mutate("clearConfirmation", "replayed", **one),
            graphql.mutate(
                "recordToolCallResult", "replayed", toolCall=f"call {number}", **session
            ),
        ]
    sent.insert(len(sent) // 2, graphql.mutate("endSession", "replayed", session="session"))
    assert await at_once(sent, engine) <= {"CONFLICT"}


async def test_states_and_versions(graphql: GraphQLClient, engine: AsyncEngine) -> None:
    await create_agent(graphql)
    await create_session(graphql)
    state = (await upsert_state(graphql, {"n": 0}))["moduleState"]["id"]
    versions = [await create_agent_version(graphql, str(number)) for number in range(4)]
    sent = []
    for number in range(ROUNDS):
        version = {"agentVersion": versions[number % 4]["id"]}
        values = {"newValues": {"n": number}}
        module = {"session": "session", "moduleId": "module"}
        sent += [
            graphql.mutate("activateAgentVersion", "replayed", **version),
            graphql.mutate(
                "createAgentVersion", "replayed", agent="agent", versionNumber=f"new {number}"
            ),
            graphql.mutate("createSession", "replayed", agent="agent"),
            graphql.mutate(
                "recordAgentMetric", "replayed", metricType="m", metricValue=1, **version
            ),
            graphql.mutate("recordStateTransition", "replayed", moduleState=state, **values),
            graphql.mutate("recordStateTransition", "replayed", **module, **values),
            graphql.mutate("upsertModuleState", "replayed", **module, state={"n": -number}),
        ]
    assert await at_once(sent, engine) == set()


async def test_messages_are_deleted_while_others_write(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    sent = []
    for number in range(ROUNDS):
        name, child = f"session {number}", f"child {number}"
        await create_session(graphql, name)
        call = await record_tool_call(graphql, name)
        await create_session(graphql, child, parent=name, spawnedByToolCall=call["id"])
        message = await record_message(graphql, name)
        drawn = {"sourceMessage": message["id"]}
        made = [(await create_memory(graphql, **drawn))["id"] for _ in range(4)]
        sent += [
            supersede(graphql, reversed(made), **drawn),
            graphql.mutate("deleteMessage", "replayed", message=message["id"]),
            graphql.mutate("recordMessage", "replayed", session=name, role="USER"),
            graphql.mutate("deleteSessionMessages", "replayed", session=name),
            graphql.mutate("endSession", "replayed", session=child),
            supersede(graphql, made, session=name),
            graphql.mutate("deleteSessionMessages", "replayed", session=name),
            graphql.mutate("recordToolCallResult", "replayed", toolCall=call["id"], result=1),
            supersede(graphql, reversed(made), session=child),
        ]
    sent.append(graphql.mutate("deleteSession", "replayed", session="session 0"))
    await at_once(sent, engine)


async def test_batches_that_name_sessions_and_memories_in_other_orders(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    sessions = [f"s{number}" for number in range(6)]
    for session in sessions:
        await create_session(graphql, session)
    memories = [(await create_memory(graphql))["id"] for _ in range(6)]
    messages = [
        {"recordMessage": {"session": session, "role": "USER", "content": "Hello"}}
        for session in sessions
    ]
    accesses = [{"recordMemoryAccess": {"memory": each, "accessType": "READ"}} for each in memories]
    random = Random(1)  # noqa: S311  repeats the run
    sent = []
    for _ in range(ROUNDS):
        records = random.sample([*messages, *accesses], 12)
        sent.append(graphql.mutate("recordBatch", "replayed", records=records))
        turn = {
            "session": random.choice(sessions),
            "messages": [{"role": "USER", "content": "Hello"}],
            "memoryAccesses": [
                {"memory": each, "accessType": "READ"} for each in random.sample(memories, 6)
            ],
        }
        sent.append(graphql.mutate("recordTurn", "replayed", **turn))
    assert await at_once(sent, engine) == set()
