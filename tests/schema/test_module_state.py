"""Module states and their transitions over the API."""

import hashlib
import json
from typing import Any

import pytest

from tests.factories import create_session, event_types, feed, upsert_state
from tests.graphql_client import GraphQLClient

HISTORY = """{ session(id: "session") { moduleStates { nodes { state revision
  transitions { nodes { revision isPatch previousValues newValues triggerType triggerId
    transitionData actorId actorType } }
  snapshots { nodes { revision state reason expiresAt } } } } } }"""


async def history(graphql: GraphQLClient) -> dict[str, Any]:
    data = await graphql.execute(HISTORY)
    state: dict[str, Any] = data["session"]["moduleStates"]["nodes"][0]
    return state


async def test_an_upsert_makes_and_replaces(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    first = await upsert_state(graphql, {"b": 1, "a": {"c": None}}, stateType="cart", version="1")
    assert first["changed"] is True
    assert first["moduleState"]["revision"] == 1
    second = await upsert_state(
        graphql,
        [1, 2],
        transition={
            "triggerType": "event",
            "triggerId": "e1",
            "transitionData": {"why": "so"},
            "actorId": "ann",
            "actorType": "USER",
        },
    )
    assert second["moduleState"]["id"] == first["moduleState"]["id"]
    assert second["moduleState"]["state"] == [1, 2]
    transitions = (await history(graphql))["transitions"]["nodes"]
    assert [entry["revision"] for entry in transitions] == [1, 2]
    assert transitions[0]["previousValues"] is None
    assert transitions[1] == {
        "revision": 2,
        "isPatch": False,
        "previousValues": {"b": 1, "a": {"c": None}},
        "newValues": [1, 2],
        "triggerType": "event",
        "triggerId": "e1",
        "transitionData": {"why": "so"},
        "actorId": "ann",
        "actorType": "USER",
    }
    last = (await feed(graphql))[-1]
    assert last["eventType"] == "state_transition.recorded"
    assert last["eventData"] == {"moduleId": "module", "revision": 2}
    assert last["actorId"] == "ann"


async def test_the_same_document_changes_nothing(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    first = await upsert_state(graphql, {"a": 1, "b": 2})
    again = await upsert_state(graphql, {"b": 2, "a": 1})
    assert again["changed"] is False
    assert again["stateTransition"] is None
    assert again["moduleState"]["revision"] == 1
    assert again["moduleState"]["stateHash"] == first["moduleState"]["stateHash"]
    canonical = json.dumps({"a": 1, "b": 2}, separators=(",", ":"), sort_keys=True)
    assert again["moduleState"]["stateHash"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert await event_types(graphql) == ["session.created", "state_transition.recorded"]


async def test_a_transition_is_a_merge_patch(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"status": "open", "items": {"a": 1, "b": 2}})
    payload = await graphql.record(
        "recordStateTransition",
        "moduleState { state revision } stateTransition { isPatch previousValues newValues }",
        session="session",
        moduleId="module",
        newValues={"status": "paid", "items": {"a": None, "c": 3}},
        expectedRevision=1,
    )
    assert payload["moduleState"] == {
        "state": {"status": "paid", "items": {"b": 2, "c": 3}},
        "revision": 2,
    }
    assert payload["stateTransition"] == {
        "isPatch": True,
        "previousValues": {"status": "open", "items": {"a": 1, "c": None}},
        "newValues": {"status": "paid", "items": {"a": None, "c": 3}},
    }


async def test_previous_values_that_are_given_are_kept(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    state = await upsert_state(graphql, {"a": 1})
    payload = await graphql.record(
        "recordStateTransition",
        "stateTransition { previousValues }",
        moduleState=state["moduleState"]["id"],
        newValues={"a": 2},
        previousValues={"a": 0},
    )
    assert payload["stateTransition"]["previousValues"] == {"a": 0}


@pytest.mark.parametrize("mutation", ["upsertModuleState", "recordStateTransition"])
async def test_another_revision_is_refused(graphql: GraphQLClient, mutation: str) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"a": 1})
    await upsert_state(graphql, {"a": 2}, expectedRevision=1)
    change = {"state": {"a": 3}} if mutation == "upsertModuleState" else {"newValues": {"a": 3}}
    reply = await graphql.mutate(
        mutation, "replayed", session="session", moduleId="module", expectedRevision=1, **change
    )
    assert reply.error["code"] == "CONFLICT"
    assert reply.error["field"] == "expectedRevision"
    assert reply.error["currentRevision"] == 2
    assert (await history(graphql))["state"] == {"a": 2}


async def test_revision_0_is_that_of_no_state(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    reply = await graphql.mutate(
        "upsertModuleState",
        "replayed",
        session="session",
        moduleId="module",
        state=1,
        expectedRevision=1,
    )
    assert (reply.error["code"], reply.error["currentRevision"]) == ("CONFLICT", 0)
    await upsert_state(graphql, 1, expectedRevision=0)
    reply = await graphql.mutate(
        "upsertModuleState",
        "replayed",
        session="session",
        moduleId="module",
        state=2,
        expectedRevision=0,
    )
    assert (reply.error["code"], reply.error["currentRevision"]) == ("CONFLICT", 1)


async def test_snapshots_are_kept_for_a_reason(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"a": 1}, snapshotReason="begin")
    await upsert_state(graphql, {"a": 2})
    await upsert_state(
        graphql, {"a": 2}, snapshotReason="unchanged", expiresAt="2030-01-01T00:00:00Z"
    )
    snapshots = (await history(graphql))["snapshots"]["nodes"]
    assert [(entry["revision"], entry["state"], entry["reason"]) for entry in snapshots] == [
        (1, {"a": 1}, "begin"),
        (2, {"a": 2}, "unchanged"),
    ]


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"session": "session", "moduleId": "other"}, "NOT_FOUND", "moduleId"),
        ({"session": "session"}, "BAD_USER_INPUT", "moduleState"),
        ({"moduleId": "module"}, "BAD_USER_INPUT", "moduleState"),
        (
            {"session": "session", "moduleId": "module", "newValues": 1},
            "BAD_USER_INPUT",
            "newValues",
        ),
    ],
)
async def test_what_cannot_be_patched(
    graphql: GraphQLClient, values: dict[str, Any], code: str, field: str
) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"a": 1})
    reply = await graphql.mutate(
        "recordStateTransition", "replayed", **{"newValues": {"a": 2}, **values}
    )
    assert (reply.error["code"], reply.error["field"]) == (code, field)


async def test_null_is_no_state(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    reply = await graphql.mutate(
        "upsertModuleState", "replayed", session="session", moduleId="module", state=None
    )
    assert reply.error["code"] == "BAD_USER_INPUT"
