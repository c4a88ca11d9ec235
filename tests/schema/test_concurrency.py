"""Writers at the same time."""

import asyncio

from tests.factories import (
    create_agent,
    create_agent_version,
    create_memory,
    create_session,
    feed,
    record_message,
    record_tool_call,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient

WRITERS = 20


async def test_twenty_writers_to_one_session_leave_no_gap(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"count": -1})
    memory = await create_memory(graphql)

    async def write(number: int) -> None:
        message = await record_message(graphql, content=str(number), inputTokens=1)
        assert message["sequence"] >= 1
        call = await record_tool_call(graphql)
        await graphql.record(
            "recordToolCallResult",
            "replayed",
            toolCall=call["id"],
            status="FAILED" if number % 2 else "SUCCEEDED",
        )
        await graphql.record(
            "recordStateTransition",
            "replayed",
            session="session",
            moduleId="module",
            newValues={"count": number},
        )
        await graphql.record(
            "createSessionEvent", "replayed", session="session", eventType="written"
        )
        await graphql.record(
            "recordMemoryAccess",
            "replayed",
            memory=memory["id"],
            session="session",
            accessType="READ",
        )

    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    data = await graphql.execute(
        """{ session(id: "session") {
          messageCount toolCallCount failedToolCallCount inputTokens
          messages(first: 200) { nodes { sequence } }
          toolCalls(first: 200) { nodes { attempt } }
          moduleStates { nodes { revision } } } }"""
    )
    session = data["session"]
    sequences = [message["sequence"] for message in session["messages"]["nodes"]]
    assert sequences == list(range(1, 2 * WRITERS + 1))
    attempts = sorted(call["attempt"] for call in session["toolCalls"]["nodes"])
    assert attempts == list(range(1, WRITERS + 1))
    assert session["messageCount"] == 2 * WRITERS
    assert session["toolCallCount"] == WRITERS
    assert session["failedToolCallCount"] == WRITERS // 2
    assert session["inputTokens"] == WRITERS
    assert session["moduleStates"]["nodes"] == [{"revision": WRITERS + 1}]
    # created and the first state, then per writer: 2 messages, a call and its end, a transition,
    # the writer's own event and an access
    assert len(await feed(graphql)) == 2 + 7 * WRITERS


async def test_one_of_many_creates_the_session(graphql: GraphQLClient) -> None:
    made = [
        graphql.record("createSession", "created session { id }", sessionId="session", title="T")
        for _ in range(WRITERS)
    ]
    answers = await asyncio.gather(*made)
    assert len({answer["session"]["id"] for answer in answers}) == 1
    assert sum(answer["created"] for answer in answers) == 1


async def test_one_of_two_deciders_wins(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    confirmations = [await request_confirmation(graphql, toolName=f"t{n}") for n in range(10)]
    for confirmation in confirmations:
        replies = await asyncio.gather(
            *(
                graphql.mutate(
                    "decideConfirmation",
                    "confirmation { status }",
                    confirmation=confirmation["id"],
                    decision=decision,
                )
                for decision in ("APPROVED", "DENIED")
            )
        )
        errors = [reply.error["code"] for reply in replies if reply.errors]
        assert errors == ["CONFLICT"]


async def test_one_version_is_active_after_all(graphql: GraphQLClient) -> None:
    await create_agent(graphql)
    versions = [await create_agent_version(graphql, str(number)) for number in range(5)]
    await asyncio.gather(
        *(
            graphql.record("activateAgentVersion", "replayed", agentVersion=version["id"])
            for version in versions * 4
        ),
        *(create_agent_version(graphql, f"new {number}") for number in range(5)),
    )
    data = await graphql.execute('{ agent(id: "agent") { versions { nodes { isActive } } } }')
    active = [version["isActive"] for version in data["agent"]["versions"]["nodes"]]
    assert active.count(True) == 1


async def test_a_revision_is_taken_once(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"count": 0})
    replies = await asyncio.gather(
        *(
            graphql.mutate(
                "upsertModuleState",
                "replayed",
                session="session",
                moduleId="module",
                state={"count": number},
                expectedRevision=1,
            )
            for number in range(1, WRITERS + 1)
        )
    )
    assert sum(not reply.errors for reply in replies) == 1
    assert {reply.error["code"] for reply in replies if reply.errors} == {"CONFLICT"}


async def test_children_end_while_their_parent_is_written_to(graphql: GraphQLClient) -> None:
    await create_session(graphql, "root")
    await asyncio.gather(*(create_session(graphql, f"c{n}", parent="root") for n in range(10)))
    await asyncio.gather(
        *(graphql.record("endSession", "replayed", session=f"c{n}") for n in range(10)),
        *(record_message(graphql, "root") for _ in range(10)),
        *(record_message(graphql, f"c{n}") for n in range(10)),
    )
    data = await graphql.execute(
        '{ session(id: "root") { status messageCount children { nodes { status } } } }'
    )
    assert data["session"]["status"] == "ACTIVE"
    assert data["session"]["messageCount"] == 10
    assert {child["status"] for child in data["session"]["children"]["nodes"]} == {"COMPLETED"}


async def test_of_many_deciders_one_wins(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    confirmation = await request_confirmation(graphql, toolCall=call["id"])
    decisions = ["APPROVED", "DENIED"] * (WRITERS // 2)
    replies = await asyncio.gather(
        *(
            graphql.mutate(
                "decideConfirmation",
                "confirmation { status decidedBy }",
                confirmation=confirmation["id"],
                decision=decision,
                decidedBy=str(number),
            )
            for number, decision in enumerate(decisions)
        )
    )
    (shown,) = {
        tuple(reply.data["decideConfirmation"]["confirmation"].values())
        for reply in replies
        if reply.data is not None and reply.data["decideConfirmation"] is not None
    }
    status, winner = shown
    assert decisions[int(winner)] == status
    for decision, reply in zip(decisions, replies, strict=True):
        if decision == status:  # the same again is harmless
            assert not reply.errors
        else:
            assert (reply.error["code"], reply.error["currentStatus"]) == ("CONFLICT", status)
    types = [event["eventType"] for event in await feed(graphql)]
    assert types.count("confirmation.decided") == 1
    ended = types.count("tool_call.completed")
    assert ended == (1 if status == "DENIED" else 0)
