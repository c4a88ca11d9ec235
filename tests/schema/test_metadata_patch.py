"""Merging into what is stored: JSON merge patches of metadata over the API."""

from typing import Any

import pytest

from tests.factories import create_agent, create_memory, create_session, nested
from tests.graphql_client import GraphQLClient

NOUNS = ["session", "agent", "memory"]


async def _create(graphql: GraphQLClient, noun: str, metadata: Any) -> dict[str, Any]:
    if noun == "session":
        await create_session(graphql, metadata=metadata)
        return {"session": "session"}
    if noun == "agent":
        await create_agent(graphql)
        await graphql.record("updateAgent", "replayed", agent="agent", metadata=metadata)
        return {"agent": "agent"}
    return {"memory": (await create_memory(graphql, metadata=metadata))["id"]}


async def _update(graphql: GraphQLClient, noun: str, **values: Any) -> dict[str, Any]:
    selection = f"{noun} {{ metadata revision }}"
    payload = await graphql.record(f"update{noun.capitalize()}", selection, **values)
    updated: dict[str, Any] = payload[noun]
    return updated


@pytest.mark.parametrize("noun", NOUNS)
async def test_a_patch_is_merged(graphql: GraphQLClient, noun: str) -> None:
    named = await _create(graphql, noun, {"a": 1, "b": {"c": 2, "d": 3}, "e": [1]})
    patch = {"b": {"c": None, "x": 4}, "e": [2], "f": True}
    updated = await _update(graphql, noun, **named, metadataPatch=patch)
    assert updated["metadata"] == {"a": 1, "b": {"d": 3, "x": 4}, "e": [2], "f": True}
    again = await _update(graphql, noun, **named, metadataPatch={"a": None})
    assert again["metadata"] == {"b": {"d": 3, "x": 4}, "e": [2], "f": True}
    assert again["revision"] == updated["revision"] + 1


@pytest.mark.parametrize("noun", NOUNS)
async def test_what_is_no_object_gives_way(graphql: GraphQLClient, noun: str) -> None:
    named = await _create(graphql, noun, [1, 2])
    updated = await _update(graphql, noun, **named, metadataPatch={"a": 1, "b": None})
    assert updated["metadata"] == {"a": 1}


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    "values",
    [
        {"metadataPatch": None},
        {"metadataPatch": [1]},
        {"metadataPatch": "text"},
        {"metadataPatch": {"a": "\x00"}},
        {"metadataPatch": {"a": nested(70)}},
        {"metadataPatch": {"a": 1}, "metadata": {}},
    ],
    ids=str,
)
async def test_what_is_no_patch(graphql: GraphQLClient, noun: str, values: dict[str, Any]) -> None:
    named = await _create(graphql, noun, {"kept": True})
    reply = await graphql.mutate(f"update{noun.capitalize()}", "replayed", **named, **values)
    assert (reply.error["code"], reply.error["field"]) == ("BAD_USER_INPUT", "metadataPatch")


async def test_the_feed_names_the_metadata(graphql: GraphQLClient) -> None:
    await create_session(graphql)
    await _update(graphql, "session", session="session", metadataPatch={"a": 1}, title="Title")
    data = await graphql.execute(
        '{ session(id: "session") { events(last: 1) { nodes { eventData } } } }'
    )
    assert data["session"]["events"]["nodes"] == [{"eventData": {"changed": ["metadata", "title"]}}]
