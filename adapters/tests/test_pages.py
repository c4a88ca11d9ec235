"""Reading connections in pages."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sessiongraph_client import Limited, SessiongraphClient
from sessiongraph_client.pages import read_pages

_FORWARDS = """query ($size: Int!, $cursor: String) { session(id: "s") {
  messages(first: $size, after: $cursor) {
    nodes { content } pageInfo { hasNextPage endCursor }
  }
} }"""
_BACKWARDS = """query ($size: Int!, $cursor: String) { session(id: "s") {
  messages(last: $size, before: $cursor) {
    nodes { content } pageInfo { hasPreviousPage startCursor }
  }
} }"""


def reader(
    client: SessiongraphClient, *, backwards: bool = False
) -> Callable[[int, str | None], Awaitable[Any]]:
    async def read(size: int, cursor: str | None) -> Any:
        document = _BACKWARDS if backwards else _FORWARDS
        data = await client.query(document, size=size, cursor=cursor)
        return data["session"] and data["session"]["messages"]

    return read


async def say(client: SessiongraphClient, contents: list[str]) -> None:
    await client.record([{"createSession": {"sessionId": "s"}}])
    for content in contents:
        await client.record(
            [{"recordMessage": {"session": "s", "role": "USER", "content": content}}]
            if len(content) > 1_000
            else []
        )
    await client.record(
        [
            {"recordMessage": {"session": "s", "role": "USER", "content": content}}
            for content in contents
            if len(content) <= 1_000
        ]
    )


@pytest.mark.parametrize("most", [None, 0, 1, 199, 200, 201, 450, 451, 1000])
async def test_pages_give_what_is_there_from_either_end(
    client: SessiongraphClient, most: int | None
) -> None:
    contents = [f"{number}" for number in range(450)]
    await say(client, contents)
    wanted = 450 if most is None else min(450, most)
    pages = [page async for page in read_pages(reader(client), most=most)]
    assert [node["content"] for page in pages for node in page] == contents[:wanted]
    read = reader(client, backwards=True)
    pages = [page async for page in read_pages(read, most=most, backwards=True)]
    found = [node["content"] for page in reversed(pages) for node in page]
    assert found == contents[450 - wanted :]


async def test_where_there_is_nothing_there_are_no_pages(client: SessiongraphClient) -> None:
    assert [page async for page in read_pages(reader(client))] == []


async def test_answers_that_are_too_large_come_in_smaller_pages(
    client: SessiongraphClient,
) -> None:
    await say(client, [f"{number}" * 4_000_000 for number in range(10)] * 2)
    for backwards in (False, True):
        read = reader(client, backwards=backwards)
        pages = [page async for page in read_pages(read, backwards=backwards)]
        assert len(pages) > 1
        ordered = reversed(pages) if backwards else pages
        found = [node["content"][0] for page in ordered for node in page]
        assert found == list("0123456789") * 2


async def test_one_node_that_is_too_large_is_told() -> None:
    async def read(size: int, cursor: str | None) -> Any:
        sizes.append(size)
        raise Limited("too large", code="LIMITED")

    sizes: list[int] = []
    with pytest.raises(Limited):
        [page async for page in read_pages(read)]
    assert sizes == [200, 25, 3, 1]
