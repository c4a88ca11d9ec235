"""Retries: the same key again gives the first answer and writes nothing."""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema, get_named_type, is_leaf_type
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Agent, Memory, Session
from schema import schema
from tests.factories import create_session, record_message
from tests.graphql_client import GraphQLClient
from tests.invariants import check_invariants, count_rows, digest_rows
from tests.mutation_inputs import INPUT_TYPES, mutation_inputs


async def test_every_mutation_can_be_sent_again(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    inputs = await mutation_inputs(graphql)
    data = await graphql.execute("{ __schema { mutationType { fields { name } } } }")
    assert set(inputs) == {field["name"] for field in data["__schema"]["mutationType"]["fields"]}
    for mutation, given in inputs.items():
        keyed = {**given.values, "idempotencyKey": f"key of {mutation}"}
        first = await graphql.record(mutation, f"replayed {given.selection}", **keyed)
        before = await digest_rows(engine)
        again = await graphql.record(mutation, f"replayed {given.selection}", **keyed)
        assert first["replayed"] is False
        assert again == {**first, "replayed": True}, mutation
        assert await digest_rows(engine) == before, mutation


def payload_types() -> dict[str, GraphQLObjectType]:
    """The type of each mutation's payload."""
    mutations = build_schema(schema.as_str()).mutation_type
    assert mutations is not None
    return {name: get_named_type(field.type) for name, field in mutations.fields.items()}


def test_every_mutation_takes_a_key() -> None:
    for mutation, payload in payload_types().items():
        assert str(INPUT_TYPES[mutation].fields["idempotencyKey"].type) == "String", mutation
        assert str(payload.fields["replayed"].type) == "Boolean!", mutation


async def test_the_key_of_any_mutation_belongs_to_one_input(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    for mutation, given in (await mutation_inputs(graphql)).items():
        keyed = {**given.values, "idempotencyKey": f"key of {mutation}"}
        await graphql.record(mutation, "replayed", **keyed)
        before = await digest_rows(engine)
        other = {**keyed, **_changed(given.values)}
        reply = await graphql.mutate(mutation, "replayed", **other)
        assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "idempotencyKey")
        assert await digest_rows(engine) == before, mutation


def _changed(values: dict[str, Any]) -> dict[str, Any]:
    """Another input: the first text is longer by a letter, or the first list by its end."""
    for name, value in values.items():
        if isinstance(value, str):
            return {name: f"{value}x"}
        if isinstance(value, list):
            return {name: [*value, value[-1]]}
    raise AssertionError(values)


async def test_a_replay_answers_when_all_is_gone(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    """Links become null and lists empty; what is no link stays what it was."""
    payloads = payload_types()
    inputs = await mutation_inputs(graphql)
    first = {}
    for mutation, given in inputs.items():
        keyed = {**given.values, "idempotencyKey": mutation}
        first[mutation] = await graphql.record(mutation, select(payloads[mutation]), **keyed)
    async with engine.begin() as connection:
        for model in (Session, Memory, Agent):
            await connection.execute(delete(model))
    await check_invariants(engine)
    for mutation, given in inputs.items():
        keyed = {**given.values, "idempotencyKey": mutation}
        again = await graphql.record(mutation, select(payloads[mutation]), **keyed)
        gone: dict[str, Any] = {
            name: [] if isinstance(value, list) else None if isinstance(value, dict) else value
            for name, value in first[mutation].items()
        }
        if mutation == "recordBatch":  # its results tell ids, which stay
            gone["results"] = first[mutation]["results"]
        assert again == {**gone, "replayed": True}, mutation


def select(payload: GraphQLObjectType) -> str:
    """Select all fields of a payload, of an object its id."""
    return " ".join(
        name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ id }}"
        for name, field in payload.fields.items()
    )


async def test_a_key_belongs_to_one_input(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    message = {"session": "session", "role": "USER", "content": "a", "idempotencyKey": "key"}
    await graphql.record("recordMessage", "replayed", **message)
    changes: list[dict[str, Any]] = [{"content": "b"}, {"content": None}, {"metadata": {}}]
    for changed in changes:
        reply = await graphql.mutate("recordMessage", "replayed", **{**message, **changed})
        assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "idempotencyKey")
    event = {"session": "session", "eventType": "own", "idempotencyKey": "key"}
    reply = await graphql.mutate("createSessionEvent", "replayed", **event)
    assert reply.error["code"] == "CONFLICT"


async def test_keys_belong_to_a_project(
    graphql: GraphQLClient, other_project: GraphQLClient
) -> None:
    for client in (graphql, other_project):
        payload = await client.record(
            "createSession", "replayed", title="Title", idempotencyKey="key"
        )
        assert payload["replayed"] is False


async def test_a_failure_does_not_use_up_the_key(graphql: GraphQLClient) -> None:
    message = {"session": "session", "role": "USER", "content": "a", "idempotencyKey": "key"}
    reply = await graphql.mutate("recordMessage", "replayed", **message)
    assert reply.error["code"] == "NOT_FOUND"
    await create_session(graphql)
    payload = await graphql.record("recordMessage", "replayed", **message)
    assert payload["replayed"] is False


async def test_a_conflict_does_not_use_up_the_key(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    await create_session(graphql, title="Title")
    before = await count_rows(engine)
    session = {"sessionId": "session", "title": "Other", "idempotencyKey": "key"}
    reply = await graphql.mutate("createSession", "replayed", **session)
    assert (reply.error["code"], reply.error["field"]) == ("CONFLICT", "sessionId")
    assert await count_rows(engine) == before
    payload = await graphql.record("createSession", "replayed", idempotencyKey="key")
    assert payload["replayed"] is False


async def test_a_replay_shows_what_is_there_now(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    memory = {"type": "fact", "content": 1, "session": "session", "idempotencyKey": "key"}
    first = await graphql.record("createMemory", "memory { id importance }", **memory)
    await graphql.record("updateMemory", "replayed", memory=first["memory"]["id"], importance=1)
    again = await graphql.record("createMemory", "memory { importance }", **memory)
    assert again["memory"] == {"importance": 1.0}


async def test_one_of_many_at_once_writes(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    sent = [
        graphql.record(
            "recordMessage",
            "replayed message { id sequence }",
            session="session",
            role="USER",
            content="once",
            idempotencyKey="key",
        )
        for _ in range(20)
    ]
    answers = await asyncio.gather(*sent)
    assert {answer["message"]["id"] for answer in answers} == {answers[0]["message"]["id"]}
    assert sum(not answer["replayed"] for answer in answers) == 1
    assert (await record_message(graphql))["sequence"] == 2


async def test_one_of_many_inputs_at_once_has_the_key(
    graphql: GraphQLClient, engine: AsyncEngine
) -> None:
    sent = [
        graphql.mutate("createSession", "replayed", title=str(number % 2), idempotencyKey="key")
        for number in range(20)
    ]
    replies = await asyncio.gather(*sent)
    refused = [reply.error["code"] for reply in replies if reply.errors]
    taken = [(reply.data or {})["createSession"] for reply in replies if not reply.errors]
    assert refused == ["CONFLICT"] * 10
    assert sorted(payload["replayed"] for payload in taken) == [False] + [True] * 9
    assert (await count_rows(engine))["sessions"] == 1


@pytest.mark.parametrize("key", ["", " ", "k" * 513, "a\x00b"])
async def test_a_key_is_a_name(graphql: GraphQLClient, key: str) -> None:
    reply = await graphql.mutate("createSession", "replayed", idempotencyKey=key)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "idempotencyKey")
