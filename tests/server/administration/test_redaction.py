"""What others said of a person, without the person's ID."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.errors import Invalid
from server.administration.erasure import erase_person
from tests.factories import (
    create_agent,
    create_memory,
    create_session,
    record_message,
    record_tool_call,
    request_confirmation,
    upsert_state,
)
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants


async def test_what_others_say_can_be_redacted(engine: AsyncEngine, graphql: GraphQLClient) -> None:
    await create_agent(graphql, "ann")
    session = await create_session(
        graphql, "about ann", userId="sue", title="For ann", tags=["with:ann"],
        metadata={"ann": {"cc": ["ann", 1.50, None]}},
    )  # fmt: skip
    await record_message(graphql, session["id"], content="ann, anna and ann@example.com")
    call = await record_tool_call(
        graphql, session["id"], arguments={"to": "ann", "subject": 'Say "ann\\n" 1e2'}
    )
    await request_confirmation(graphql, session["id"], toolCall=call["id"])
    states: list[Any] = [
        {"ann": {"owner": "ann", "n": 1}, "robert": 1},
        {"ann": {"owner": "ann", "n": 2}},
        {"ann": None, "list": ["ann", {"ann": "so ann"}]},
    ]
    await upsert_state(graphql, states[0], session["id"], snapshotReason="kept")
    for patch in states[1:]:
        await graphql.record(
            "recordStateTransition",
            "moduleState { id }",
            session=session["id"],
            moduleId="module",
            newValues=patch,
            transition={"transitionData": {"why": "ann asked"}},
        )
    memory = await create_memory(graphql, content={"likes": "ann"}, contentText="ann")
    await graphql.record("updateMemory", "memory { id }", memory=memory["id"], content="no ann")
    certificate = await erase_person(engine, {"default": 1}, "ann", lambda line: None, redacts=True)
    await check_invariants(engine)
    assert not certificate.left
    # the names that others know things by stay
    assert {(place.table, *place.columns) for place in certificate.mentions} == {
        ("agents", "agent_id"),
        ("sessions", "session_id"),
    }
    assert certificate.redacted == {
        "sessions": 1, "messages": 1, "tool_calls": 1, "confirmations": 1, "module_states": 4,
        "state_transitions": 2, "memories": 1, "memory_revisions": 1,
    }  # fmt: skip
    data = await graphql.execute(
        """query ($id: ID!) { session(id: $id) { title tags metadata
          messages { nodes { content } } toolCalls { nodes { arguments } }
          moduleStates { nodes { state } } } }""",
        id=session["id"],
    )
    assert data["session"] == {
        "title": "For [forgotten]",
        "tags": ["with:[forgotten]"],
        "metadata": {"[forgotten]": {"cc": ["[forgotten]", 1.5, None]}},
        "messages": {
            "nodes": [
                {"content": "[forgotten], anna and [forgotten]@example.com"},
                {"content": None},
            ]
        },
        "toolCalls": {
            "nodes": [{"arguments": {"to": "[forgotten]", "subject": 'Say "[forgotten]\\n" 1e2'}}]
        },
        "moduleStates": {
            "nodes": [
                {"state": {"list": ["[forgotten]", {"[forgotten]": "so [forgotten]"}], "robert": 1}}
            ]
        },
    }
    with pytest.raises(Invalid):
        await erase_person(engine, {"default": 1}, "forgotten", lambda line: None, redacts=True)


async def test_keys_that_would_become_one_stay(engine: AsyncEngine, graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await upsert_state(graphql, {"[forgotten]": 1, "ann": "ann"})
    certificate = await erase_person(engine, {"default": 1}, "ann", lambda line: None, redacts=True)
    await check_invariants(engine)
    assert {place.table for place in certificate.mentions} == {"module_states", "state_transitions"}
    data = await graphql.execute("{ moduleStates { nodes { state } } }")
    assert data["moduleStates"]["nodes"] == [{"state": {"[forgotten]": 1, "ann": "[forgotten]"}}]
