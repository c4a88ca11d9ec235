"""What others said of a person, without the person's ID."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from resolvers.errors import Invalid
from server.administration.erasure import erase_person
from server.administration.person_search import PersonSearch
from server.administration.redaction import FORGOTTEN, redact_documents
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
            transitionData={"why": "ann asked"},
        )
    memory = await create_memory(
        graphql, memoryId="of ann", content={"likes": "ann"}, contentText="ann"
    )
    await graphql.record("updateMemory", "memory { id }", memory=memory["id"], content="no ann")
    await graphql.record(
        "putSessionItem",
        "changed",
        session=session["id"],
        collection="of ann",
        key="ann",
        value={"z": ["ann", 1.50], "ann": "anna"},
        metadata={"who": "ann"},
    )
    certificate = await erase_person(engine, {"default": 1}, "ann", lambda line: None, redacts=True)
    await check_invariants(engine)
    assert not certificate.left
    # the names that others know things by stay
    assert {(place.table, *place.columns) for place in certificate.mentions} == {
        ("agents", "agent_id"),
        ("memories", "memory_id"),
        ("sessions", "session_id"),
        ("session_items", "collection", "key"),
    }
    assert +certificate.redacted == {
        "sessions": 1, "messages": 1, "tool_calls": 1, "confirmations": 1, "module_states": 1,
        "state_snapshots": 1, "state_transitions": 5, "memories": 1, "memory_revisions": 1,
        "session_items": 1,
    }  # fmt: skip
    data = await graphql.execute(
        """query ($id: ID!) { session(id: $id) { title tags metadata
          messages { nodes { content } } toolCalls { nodes { arguments } }
          moduleStates { nodes { state } } items { nodes { key value metadata } } } }""",
        id=session["id"],
    )
    assert data["session"] == {
        "title": "For [forgotten]",
        "tags": ["with:[forgotten]"],
        "metadata": {"[forgotten]": {"cc": ["[forgotten]", 1.5, None]}},
        "messages": {
            "nodes": [
                {"content": "[forgotten], anna and [forgotten]@example.com"},
                {"content": "Hello"},
            ]
        },
        "toolCalls": {
            "nodes": [{"arguments": {"to": "[forgotten]", "subject": 'Say "[forgotten]\\n" 1e2'}}]
        },
        "items": {
            "nodes": [
                {
                    "key": "ann",
                    "value": {"z": ["[forgotten]", 1.5], "[forgotten]": "anna"},
                    "metadata": {"who": "[forgotten]"},
                }
            ]
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


_PART = st.sampled_from(["ann", "anna", '"', "\\", ":", "\n", " ", "é", "{", "x"])
_TEXT = st.lists(_PART, max_size=6).map("".join)
_DOCUMENT = st.recursive(
    _TEXT | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
)
_WORD = PersonSearch("ann").word


def _redacted(document: Any) -> Any:
    match document:
        case str(said):
            return _WORD.sub(FORGOTTEN, said)
        case list(items):
            return [_redacted(each) for each in items]
        case dict(members):
            return {_redacted(key): _redacted(each) for key, each in members.items()}
    return document


@given(document=_DOCUMENT, spaced=st.booleans(), is_ascii=st.booleans())
def test_only_the_word_changes(document: Any, spaced: bool, is_ascii: bool) -> None:
    separators = (" , ", " : ") if spaced else (",", ":")
    written = json.dumps(document, separators=separators, ensure_ascii=is_ascii)
    (redacted,) = redact_documents(_WORD, [written])
    assert json.loads(redacted) == _redacted(document)
    if _redacted(document) == document:
        assert redacted == written
