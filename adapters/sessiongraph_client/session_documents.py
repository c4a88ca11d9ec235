"""JSON documents of any content and size as the items of a session.

A document that is too large for one item is kept in parts, in the collection `<collection>.parts`;
the metadata of its item then tell their keys as `parts`. Who sees the item finds its parts.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import NotFound
from sessiongraph_client.schema_types import BatchRecordInput, PutSessionItemInput
from sessiongraph_client.stored_json import from_stored, to_stored

_PART = 3_000_000
"""Characters of JSON text; each may stand in a request as two bytes."""
_PARTS = "parts"
_MOST_KEYS = 1_000
_READ_PART = """query SessiongraphClientPart($session: ID!, $collection: String!, $key: String!) {
  session(id: $session) {
    items(first: 1, filter: {collection: {eq: $collection}, key: {eq: $key}}) { nodes { value } }
  }
}"""
_DELETE = """mutation SessiongraphClientDeleteItems($input: DeleteSessionItemsInput!) {
  deleteSessionItems(input: $input) { deletedCount }
}"""


def collection_of_parts(collection: str) -> str:
    """Name the collection of the parts of a collection's large documents."""
    return f"{collection}.parts"


def put_documents(items: Iterable[PutSessionItemInput]) -> list[BatchRecordInput]:
    """Give the records that put items whose `value` is any JSON, behind the parts of all of them.

    Another document has other parts, so they may be recorded before their item. Those that an item
    had before stay until `delete_documents`. Raises `TypeError` for what is no JSON.
    """
    parts: list[BatchRecordInput] = []
    whole: list[BatchRecordInput] = []
    for item in items:
        text = json.dumps(item["value"])
        if len(text) <= _PART:
            whole.append({"putSessionItem": {**item, "value": to_stored(item["value"])}})
            continue
        its_parts = _parts(item, text)
        parts += ({"putSessionItem": part} for part in its_parts)
        keys = [part["key"] for part in its_parts]
        metadata = {**(item.get("metadata") or {}), _PARTS: keys}
        whole.append({"putSessionItem": {**item, "value": {}, "metadata": metadata}})
    return parts + whole


def _parts(item: PutSessionItemInput, text: str) -> list[PutSessionItemInput]:
    name = sha256(f"{item['collection']}\n{item['key']}\n{text}".encode()).hexdigest()
    return [
        {
            "session": item["session"],
            "collection": collection_of_parts(item["collection"]),
            "key": f"{name}.{number}",
            "value": text[start : start + _PART],
        }
        for number, start in enumerate(range(0, len(text), _PART))
    ]


async def read_document(
    client: SessiongraphClient, session: str, collection: str, node: Mapping[str, Any]
) -> Any:
    """Give an item's document; `node` has the item's `value` and `metadata`.

    Raises `NotFound` if its parts were deleted meanwhile.
    """
    keys = node["metadata"].get(_PARTS, ())
    if not keys:
        return from_stored(node["value"])
    texts: list[str] = []
    for key in keys:  # one by one: an answer has a size, too
        data = await client.query(
            _READ_PART, session=session, collection=collection_of_parts(collection), key=key
        )
        found = data["session"]["items"]["nodes"] if data["session"] else []
        if not found:
            raise NotFound("A part of a document is not there any more.", code="NOT_FOUND")
        texts.append(found[0]["value"])
    return json.loads("".join(texts))


async def delete_documents(
    client: SessiongraphClient,
    session: str,
    collection: str,
    nodes: Mapping[str, Mapping[str, Any]] | None = None,
) -> int:
    """Delete items with their parts, all of the collection if `nodes` is None; give their count.

    `nodes` are the items by key; each has its `metadata`. Raises `NotFound` if there is no session.
    """
    if nodes is None:
        count = await _delete(client, session, collection)
        await _delete(client, session, collection_of_parts(collection))
        return count
    count = await _delete(client, session, collection, list(nodes))
    parts = [key for node in nodes.values() for key in node["metadata"].get(_PARTS, ())]
    await _delete(client, session, collection_of_parts(collection), parts)
    return count


async def _delete(
    client: SessiongraphClient, session: str, collection: str, keys: Sequence[str] | None = None
) -> int:
    if keys is None:
        data = await client.mutate(_DELETE, session=session, collection=collection)
        return int(data["deleteSessionItems"]["deletedCount"])
    count = 0
    for start in range(0, len(keys), _MOST_KEYS):
        chunk = keys[start : start + _MOST_KEYS]
        data = await client.mutate(_DELETE, session=session, collection=collection, keys=chunk)
        count += data["deleteSessionItems"]["deletedCount"]
    return count
