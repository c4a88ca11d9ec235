"""Following one confirmation until it is decided."""

from typing import Any

import pytest

from tests.graphql_client import GraphQLClient
from tests.live_server import GraphQLSocket, LiveServer

_FOLLOW = """
    subscription ($id: ID!) {
      confirmation(id: $id) { id status reason decidedBy toolCall { status } }
    }
"""


async def _request(graphql: GraphQLClient) -> tuple[str, str]:
    """Ask before a tool call runs; give the ids of the question and of the call's message."""
    await graphql.record("createSession", "replayed", sessionId="s")
    message = await graphql.record(
        "recordMessage",
        "message { id } toolCalls { id }",
        session="s",
        role="ASSISTANT",
        toolCalls=[{"toolName": "t"}],
    )
    (call,) = message["toolCalls"]
    made = await graphql.record(
        "requestConfirmation", "confirmation { id }", session="s", toolCall=call["id"]
    )
    return made["confirmation"]["id"], message["message"]["id"]


async def _state(client: GraphQLSocket) -> dict[str, Any]:
    state: dict[str, Any] = (await client.next())["confirmation"]
    return state


async def _complete(client: GraphQLSocket) -> None:
    assert await client.receive() == {"type": "complete", "id": "1"}


async def test_it_is_told_at_once_and_when_it_is_decided(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    own_id, _ = await _request(graphql)
    pending = {
        "id": own_id,
        "status": "PENDING",
        "reason": None,
        "decidedBy": None,
        "toolCall": {"status": "AWAITING_CONFIRMATION"},
    }
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"id": own_id})
        assert await _state(client) == pending
        values = {"decision": "DENIED", "reason": "Too dear", "decidedBy": "someone"}
        await graphql.record("decideConfirmation", "replayed", confirmation=own_id, **values)
        denied = {
            "id": own_id,
            "status": "DENIED",
            "reason": "Too dear",
            "decidedBy": "someone",
            "toolCall": {"status": "DENIED"},
        }
        assert await _state(client) == denied
        await _complete(client)
        # whoever comes later is told once
        await client.subscribe("1", _FOLLOW, variables={"id": own_id})
        assert await _state(client) == denied
        await _complete(client)


@pytest.mark.parametrize("status", ["APPROVED", "CANCELLED", "of a batch"])
async def test_any_decision_ends_it(
    graphql: GraphQLClient, server: LiveServer, status: str
) -> None:
    own_id, _ = await _request(graphql)
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"id": own_id})
        await _state(client)
        decision = {"confirmation": own_id, "decision": "APPROVED"}
        if status == "APPROVED":
            await graphql.record("decideConfirmation", "replayed", **decision)
        elif status == "CANCELLED":
            await graphql.record("endSession", "replayed", session="s")
        else:
            records = [{"decideConfirmation": decision}]
            await graphql.record("recordBatch", "recordedCount", records=records)
        wanted = "CANCELLED" if status == "CANCELLED" else "APPROVED"
        assert (await _state(client))["status"] == wanted
        await _complete(client)


@pytest.mark.parametrize("mutation", ["deleteSession", "deleteMessage", "deleteSessionMessages"])
async def test_it_ends_when_it_is_deleted(
    graphql: GraphQLClient, server: LiveServer, mutation: str
) -> None:
    own_id, message = await _request(graphql)
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"id": own_id})
        await _state(client)
        named = {"message": message} if mutation == "deleteMessage" else {"session": "s"}
        await graphql.record(mutation, "__typename", **named)
        await _complete(client)


async def test_what_is_not_there_and_what_is_of_others_is_told_alike(
    graphql: GraphQLClient, other_project: GraphQLClient, server: LiveServer
) -> None:
    own_id, _ = await _request(graphql)
    errors = []
    for each in (own_id, "confirmation_01h455vb4pex5vsknk084sn02q"):
        key = other_project.http.headers["authorization"]
        async with server.client(authorization=key) as client:
            await client.subscribe("1", _FOLLOW, variables={"id": each})
            message = await client.receive()
        assert message["type"] == "error"
        message["payload"][0]["extensions"].pop("requestId")
        errors.append(message)
    assert errors[0] == errors[1]
    extensions = errors[0]["payload"][0]["extensions"]
    assert (extensions["code"], extensions["field"]) == ("NOT_FOUND", "id")


@pytest.mark.parametrize("given", ["", "none", "session_01h455vb4pex5vsknk084sn02q"])
async def test_what_is_no_id_of_one(server: LiveServer, given: str) -> None:
    async with server.client() as client:
        await client.subscribe("1", _FOLLOW, variables={"id": given})
        message = await client.receive()
    (error,) = message["payload"]
    extensions = error["extensions"]
    assert (extensions["code"], extensions["field"]) == ("BAD_USER_INPUT", "id")
