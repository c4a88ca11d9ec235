"""Deleting messages over the API: one of them, or all of a session."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.factories import (
    create_memory,
    create_session,
    event_types,
    feed,
    record_message,
    record_tool_call,
    request_confirmation,
)
from tests.graphql_client import GraphQLClient

COUNTS = """messageCount toolCallCount failedToolCallCount inputTokens outputTokens costUsd
  status messages { totalCount nodes { sequence } } toolCalls { totalCount }
  confirmations { totalCount }"""

SPENT: dict[str, Any] = {"inputTokens": 7, "outputTokens": 3, "costUsd": "0.25"}


async def _counts(graphql: GraphQLClient, session: str = "session") -> dict[str, Any]:
    document = f"query ($id: ID!) {{ session(id: $id) {{ {COUNTS} }} }}"
    return _exact((await graphql.execute(document, id=session))["session"])


def _exact(session: dict[str, Any]) -> dict[str, Any]:
    """The figures of a session, its cost as a number: 0.00 is 0."""
    return {**session, "costUsd": Decimal(session["costUsd"])}


async def test_a_message_goes_with_what_it_asked_for(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_message(graphql, **SPENT)
    before = await _counts(graphql)
    calls = [{"toolName": "a", "status": "FAILED"}, {"toolName": "b", "toolCallId": "b"}]
    asking = await record_message(graphql, role="ASSISTANT", toolCalls=calls, **SPENT)
    answer = await record_message(graphql, role="TOOL", toolCallId="b", content="done")
    payload = await graphql.record(
        "deleteMessage",
        f"deletedMessageId replayed session {{ {COUNTS} }}",
        message=asking["id"],
    )
    assert payload["deletedMessageId"] == asking["id"]
    assert _exact(payload["session"]) == {
        **before,
        "messageCount": 2,
        "messages": {"totalCount": 2, "nodes": [{"sequence": 1}, {"sequence": 3}]},
    }
    ids = [asking["id"], *[call["id"] for call in asking["toolCalls"]], answer["id"]]
    data = await graphql.execute("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert data["nodes"] == [None, None, None, {"id": answer["id"]}]
    integrity = """{ session(id: "session") { integrity {
      resultsWithoutCall { sequence } } } }"""
    data = await graphql.execute(integrity)
    assert data["session"]["integrity"] == {"resultsWithoutCall": [{"sequence": 3}]}


async def test_its_number_is_not_given_again(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    for _ in range(2):
        message = await record_message(graphql)
    await graphql.record("deleteMessage", "replayed", message=message["id"])
    assert (await record_message(graphql))["sequence"] == 3


async def test_the_feed_keeps_that_it_went(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = await record_message(graphql)
    await graphql.record("deleteMessage", "replayed", message=message["id"])
    recorded, deleted = (await feed(graphql))[-2:]
    assert (recorded["eventType"], recorded["subject"]) == ("message.recorded", None)
    assert (deleted["eventType"], deleted["subject"]) == ("message.deleted", None)
    assert deleted["eventData"] == {"messageId": message["id"], "sequence": 1}


async def test_a_session_does_not_wait_for_a_question_that_is_gone(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = await record_message(graphql, role="ASSISTANT", toolCalls=[{"toolName": "pay"}])
    await request_confirmation(graphql, toolCall=message["toolCalls"][0]["id"])
    assert (await _counts(graphql))["status"] == "WAITING"
    payload = await graphql.record("deleteMessage", "session { status }", message=message["id"])
    assert payload["session"] == {"status": "ACTIVE"}
    assert (await event_types(graphql))[-2:] == ["message.deleted", "session.status_changed"]


async def test_a_session_waits_on_for_another_question(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await request_confirmation(graphql, toolCall=call["id"])
    await request_confirmation(graphql, toolName="other")
    payload = await graphql.record(
        "deleteSessionMessages", f"session {{ {COUNTS} }}", session="session"
    )
    assert payload["session"]["status"] == "WAITING"
    assert payload["session"]["confirmations"] == {"totalCount": 1}


async def test_what_was_drawn_from_it_stays(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    call = await record_tool_call(graphql)
    await create_session(graphql, "child", parent="session", spawnedByToolCall=call["id"])
    data = await graphql.execute('{ session(id: "session") { messages { nodes { id } } } }')
    message = data["session"]["messages"]["nodes"][0]["id"]
    memory = await create_memory(graphql, session="session", sourceMessage=message)
    await graphql.record("deleteMessage", "replayed", message=message)
    data = await graphql.execute(
        """query ($memory: ID!) { memory(id: $memory) { sourceMessage { id } }
        session(id: "child") { parent { sessionId } spawnedByToolCall { id } } }""",
        memory=memory["id"],
    )
    assert data["memory"] == {"sourceMessage": None}
    assert data["session"] == {"parent": {"sessionId": "session"}, "spawnedByToolCall": None}


async def test_a_message_that_is_gone_is_not_found(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = await record_message(graphql)
    gone = {"message": message["id"]}
    keyed = {**gone, "idempotencyKey": "key"}
    first = await graphql.record("deleteMessage", "deletedMessageId replayed", **keyed)
    again = await graphql.record("deleteMessage", "deletedMessageId replayed", **keyed)
    assert again == {**first, "replayed": True}
    reply = await graphql.mutate("deleteMessage", "replayed", **gone)
    assert (reply.error["code"], reply.error["field"]) == ("NOT_FOUND", "message")


async def test_all_messages_of_a_session_go(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await create_session(graphql, "other")
    await record_message(graphql, "other", **SPENT)
    other = await _counts(graphql, "other")
    untouched = await _counts(graphql)
    for _ in range(3):
        await record_message(graphql, **SPENT)
    failed = await record_tool_call(graphql, status="FAILED")
    await record_tool_call(graphql)
    selection = f"deletedMessageCount session {{ {COUNTS} }}"
    payload = await graphql.record("deleteSessionMessages", selection, session="session")
    assert payload["deletedMessageCount"] == 5
    assert _exact(payload["session"]) == untouched
    assert await _counts(graphql, "other") == other
    data = await graphql.execute("query ($id: ID!) { node(id: $id) { id } }", id=failed["id"])
    assert data == {"node": None}
    (deleted,) = (await feed(graphql))[-1:]
    assert deleted["eventType"] == "messages.deleted"
    assert deleted["eventData"] == {"messageCount": 5, "lastSequence": 5}
    events = await event_types(graphql)
    payload = await graphql.record("deleteSessionMessages", selection, session="session")
    assert payload["deletedMessageCount"] == 0
    assert _exact(payload["session"]) == untouched
    assert await event_types(graphql) == events
    assert (await record_message(graphql))["sequence"] == 6


async def test_an_ended_session_stays_ended(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await record_tool_call(graphql)
    await graphql.record("endSession", "replayed", session="session")
    payload = await graphql.record("deleteSessionMessages", "session { status }", session="session")
    assert payload["session"] == {"status": "COMPLETED"}


async def test_a_retry_does_not_bring_it_back(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    keyed = {"session": "session", "role": "USER", "content": "Hello", "idempotencyKey": "key"}
    first = await graphql.record("recordMessage", "message { id }", **keyed)
    await graphql.record("deleteMessage", "replayed", message=first["message"]["id"])
    again = await graphql.record("recordMessage", "message { id } replayed", **keyed)
    assert again == {"message": None, "replayed": True}
    assert (await _counts(graphql))["messageCount"] == 0


async def test_writers_at_the_same_time(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    messages = [await record_message(graphql, **SPENT) for _ in range(6)]
    deletions = asyncio.gather(
        *[
            graphql.mutate("deleteMessage", "replayed", message=message["id"])
            for message in [*messages, *messages]
        ]
    )
    await asyncio.gather(*[record_message(graphql, **SPENT) for _ in range(6)])
    refused = [reply.error["code"] for reply in await deletions if reply.errors]
    assert refused == ["NOT_FOUND"] * 6
    counts = await _counts(graphql)
    assert [message["sequence"] for message in counts["messages"]["nodes"]] == [*range(7, 13)]
    assert (counts["messageCount"], counts["inputTokens"]) == (6, 6 * SPENT["inputTokens"])
