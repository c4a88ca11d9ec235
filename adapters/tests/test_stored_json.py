"""What is stored of any JSON comes back equal, and what is shown of it is taken."""

import json
from random import Random
from typing import Any

import pytest
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.schema_types import BatchRecordInput
from sessiongraph_client.stored_json import (
    from_stored,
    is_name,
    is_text,
    show_json,
    show_text,
    to_stored,
)

from tests.odd_json import NUMBERS, TEXTS, draw_document, nested

_ITEMS = """query ($session: ID!, $after: String) { session(id: $session) {
  items(first: 200, after: $after) { nodes { value } pageInfo { hasNextPage endCursor } }
} }"""
_METADATA = "query ($session: ID!) { session(id: $session) { title metadata } }"

ALL_ODD: list[Any] = [
    *TEXTS,
    *NUMBERS,
    *([each] for each in NUMBERS),
    *({"t": each} for each in TEXTS),
    *({each: 1} for each in TEXTS),
    *(nested(levels) for levels in (1, 30, 31, 49, 50, 51, 64, 65, 200)),
    *(None, True, [], {}, [None], [[[]]]),
]


def drawn(seed: int) -> list[Any]:
    draw = Random(seed)  # noqa: S311  repeats the documents
    return [draw_document(draw) for _ in range(150)]


@pytest.mark.parametrize("documents", [ALL_ODD, drawn(1), drawn(2)], ids=["odd", "drawn", "again"])
async def test_any_document_comes_back_equal(
    client: SessiongraphClient, documents: list[Any]
) -> None:
    start: BatchRecordInput = {"createSession": {"sessionId": "s"}}
    puts: list[BatchRecordInput] = [
        {
            "putSessionItem": {
                "session": "s",
                "collection": "c",
                "key": f"{number}",
                "value": to_stored(document),
            }
        }
        for number, document in enumerate(documents)
    ]
    await client.record([start, *puts])
    items = (await client.query(_ITEMS, session="s"))["session"]["items"]
    loaded = [from_stored(node["value"]) for node in items["nodes"]]
    assert [json.dumps(each) for each in loaded] == [json.dumps(each) for each in documents[:200]]


@pytest.mark.parametrize("document", [{"a": [1, "b", None, 0.5]}, [], 7, True, nested(40)])
def test_plain_documents_stay_documents(document: Any) -> None:
    assert to_stored(document) is document


def test_a_document_of_very_many_values_is_kept_as_it_is() -> None:
    document = [{"a": number} for number in range(300_000)]
    assert to_stored(document) is document


@pytest.mark.parametrize("documents", [ALL_ODD, drawn(3), drawn(4)], ids=["odd", "drawn", "again"])
async def test_any_document_is_shown(client: SessiongraphClient, documents: list[Any]) -> None:
    shown = {f"{number}": show_json(each) for number, each in enumerate(documents)}
    await client.record([{"createSession": {"sessionId": "s", "metadata": shown}}])
    assert (await client.query(_METADATA, session="s"))["session"]["metadata"] == shown


def test_what_is_plain_is_shown_as_it_is() -> None:
    document = {"a": [1, -0.5, None, True, {"b": "c"}], "d": {}}
    assert show_json(document) == document


@pytest.mark.parametrize("most", [1, 20, 300])
def test_a_long_document_is_cut(most: int) -> None:
    document = {f"name {number}": ["x" * 100, [1] * 100] for number in range(20)}
    shown = show_json(document, most)
    assert isinstance(shown, dict)
    assert len(json.dumps(shown, ensure_ascii=False)) < 3 * most + 60
    assert "…" in json.dumps(shown, ensure_ascii=False)


def test_a_text_is_cut_and_cleaned() -> None:
    assert show_text("a\0b\ud800c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert show_text("abcd", 4) == "abcd"
    assert show_text("abcde", 4) == "abc…"
    assert all(is_text(show_text(each)) for each in TEXTS)


def test_a_name_is_what_the_server_takes_as_one() -> None:
    names = ["a", "a" * 512, "a" * 513, "", " ", "\0", "\ud800", None]
    assert [is_name(each) for each in names] == [True, True, *[False] * 6]
