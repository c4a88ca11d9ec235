"""Following the confirmations of a project: what people decide, and who waits for them."""

from typing import Any

import pytest

from tests.graphql_client import GraphQLClient
from tests.live_server import GraphQLSocket, LiveServer

_FOLLOW = """
    subscription ($filter: ConfirmationFilter, $after: BigInt) {
      confirmations(filter: $filter, after: $after) {
        matches sessionEvent { eventType position }
        confirmation { id status reason toolName session { sessionId } }
      }
    }
"""
_REQUESTED, _DECIDED = "confirmation.requested", "confirmation.decided"


async def _follow(client: GraphQLSocket, wanted: Any = None, after: int | None = 0) -> None:
    await client.subscribe("1", _FOLLOW, variables={"filter": wanted, "after": after})


async def _told(client: GraphQLSocket) -> tuple[str, bool, str, str | None]:
    """Give what is told next: the event's type, whether it matches, the status and the reason."""
    change = (await client.next())["confirmations"]
    confirmation = change["confirmation"]
    event_type = change["sessionEvent"]["eventType"]
    return event_type, change["matches"], confirmation["status"], confirmation["reason"]


async def _request(graphql: GraphQLClient, tool: str = "t") -> str:
    made = await graphql.record(
        "requestConfirmation", "confirmation { id }", session="s", toolName=tool
    )
    own_id: str = made["confirmation"]["id"]
    return own_id


_ENDS: dict[str, tuple[str, dict[str, Any]]] = {
    "APPROVED": ("decideConfirmation", {"decision": "APPROVED"}),
    "DENIED": ("decideConfirmation", {"decision": "DENIED", "reason": "Too dear"}),
    "CANCELLED": ("clearConfirmation", {"reason": "Not needed"}),
}


@pytest.mark.parametrize("status", _ENDS)
async def test_a_question_from_its_beginning_to_its_end(
    graphql: GraphQLClient, server: LiveServer, status: str
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    mutation, values = _ENDS[status]
    async with server.client() as client:
        await _follow(client)
        own_id = await _request(graphql)
        assert await _told(client) == (_REQUESTED, True, "PENDING", None)
        await graphql.record(mutation, "replayed", confirmation=own_id, **values)
        assert await _told(client) == (_DECIDED, True, status, values.get("reason"))


@pytest.mark.parametrize(
    "wanted",
    [
        {"status": {"eq": "PENDING"}},
        {"status": {"in": ["PENDING"]}, "session": {"eq": "s"}},
        {"not": {"status": {"in": ["APPROVED", "DENIED", "CANCELLED", "EXPIRED"]}}},
        {"decidedAt": {"isNull": True}},
        {"reason": {"ne": "Too dear"}},
        {"not": {"decidedBy": {"contains": "so"}}},
    ],
)
async def test_a_question_that_leaves_a_filter_is_told_of_once(
    graphql: GraphQLClient, server: LiveServer, wanted: Any
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await _follow(client, wanted)
        own_id = await _request(graphql)
        assert await _told(client) == (_REQUESTED, True, "PENDING", None)
        decision = {"decision": "DENIED", "decidedBy": "someone", "reason": "Too dear"}
        await graphql.record("decideConfirmation", "replayed", confirmation=own_id, **decision)
        assert await _told(client) == (_DECIDED, False, "DENIED", "Too dear")
        await _request(graphql)
        assert await _told(client) == (_REQUESTED, True, "PENDING", None)


async def test_the_end_of_the_session_withdraws_its_questions(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await _follow(client, {"status": {"eq": "PENDING"}})
        for _ in range(2):
            await _request(graphql)
            await _told(client)
        await graphql.record("endSession", "replayed", session="s")
        for _ in range(2):
            assert await _told(client) == (_DECIDED, False, "CANCELLED", "The session ended.")


async def test_whoever_comes_back_gets_each_later_change_once(
    graphql: GraphQLClient, server: LiveServer
) -> None:
    await graphql.record("createSession", "replayed", sessionId="s")
    async with server.client() as client:
        await _follow(client, {"toolName": {"eq": "mine"}})
        for tool in ("other", "mine"):
            own_id = await _request(graphql, tool)
            await graphql.record("clearConfirmation", "replayed", confirmation=own_id)
        first = (await client.next())["confirmations"]
        last = (await client.next())["confirmations"]
    assert first["confirmation"]["session"] == {"sessionId": "s"}
    async with server.client() as client:
        await _follow(client, {"toolName": {"eq": "mine"}}, first["sessionEvent"]["position"])
        assert (await client.next())["confirmations"] == last
        await _request(graphql, "mine")
        assert await _told(client) == (_REQUESTED, True, "PENDING", None)


async def test_another_project_sees_nothing(
    graphql: GraphQLClient, other_project: GraphQLClient, server: LiveServer
) -> None:
    key = other_project.http.headers["authorization"]
    await graphql.record("createSession", "replayed", sessionId="s")
    await other_project.record("createSession", "replayed", sessionId="s")
    await _request(graphql, "not theirs")
    await _request(other_project, "theirs")
    async with server.client(authorization=key) as client:
        await _follow(client)
        change = (await client.next())["confirmations"]
    assert change["confirmation"]["toolName"] == "theirs"
