"""Documents of any size as session items."""

import json
from typing import Any

import pytest
from sessiongraph_client import NotFound, SessiongraphClient
from sessiongraph_client.lenient_recording import record_leniently
from sessiongraph_client.schema_types import BatchRecordInput, PutSessionItemInput
from sessiongraph_client.session_documents import (
    delete_documents,
    put_documents,
    read_document,
)

_ITEMS = """query { session(id: "s") {
  items(first: 200) { nodes { collection key value metadata } }
} }"""


def item(value: Any, key: str = "k") -> PutSessionItemInput:
    return {
        "session": "s",
        "collection": "c",
        "key": key,
        "value": value,
        "metadata": {"mine": 1},
    }


async def stored(client: SessiongraphClient) -> dict[str, Any]:
    nodes = (await client.query(_ITEMS))["session"]["items"]["nodes"]
    return {node["key"]: node for node in nodes if node["collection"] == "c"}


async def put(client: SessiongraphClient, *items: PutSessionItemInput) -> None:
    start: BatchRecordInput = {"createSession": {"sessionId": "s"}}
    await record_leniently(client, [start, *put_documents(items)])


@pytest.mark.parametrize("letter", ["x", "é", '"', "\\", "\0", "\n", "\ud800", "\U0001f600"])
@pytest.mark.parametrize("characters", [2_999_990, 3_000_000, 9_000_001])
async def test_a_document_of_any_size_comes_back_equal(
    client: SessiongraphClient, letter: str, characters: int
) -> None:
    value = letter * (characters // (len(json.dumps(letter)) - 2))
    await put(client, item({"a": value}))
    node = (await stored(client))["k"]
    assert node["metadata"]["mine"] == 1
    assert await read_document(client, "s", "c", node) == {"a": value}


async def test_documents_that_look_like_parts_are_none(client: SessiongraphClient) -> None:
    document = {"parts": ["a"], "sha256": "b"}
    await put(client, item(document), item({}, "empty"))
    nodes = await stored(client)
    assert await read_document(client, "s", "c", nodes["k"]) == document
    assert await read_document(client, "s", "c", nodes["empty"]) == {}


async def test_a_document_takes_the_place_of_another(client: SessiongraphClient) -> None:
    for value in ("x" * 4_000_000, "y" * 7_000_000, "z"):
        await put(client, item(value))
        assert await read_document(client, "s", "c", (await stored(client))["k"]) == value


async def test_parts_go_with_their_items_and_no_others(client: SessiongraphClient) -> None:
    same = "x" * 4_000_000
    await put(client, item(same), item(same, "other"))
    nodes = await stored(client)
    assert await delete_documents(client, "s", "c", {"k": nodes["k"]}) == 1
    assert await read_document(client, "s", "c", nodes["other"]) == same
    with pytest.raises(NotFound):
        await read_document(client, "s", "c", nodes["k"])
    assert await delete_documents(client, "s", "c") == 1
    assert (await client.query(_ITEMS))["session"]["items"]["nodes"] == []


async def test_nothing_is_deleted_where_there_is_no_session(client: SessiongraphClient) -> None:
    with pytest.raises(NotFound):
        await delete_documents(client, "s", "c")
