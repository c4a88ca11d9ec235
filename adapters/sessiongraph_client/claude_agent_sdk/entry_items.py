"""A transcript's entries as session items: each as it is, in order, large ones in parts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from claude_agent_sdk import SessionStoreEntry

from sessiongraph_client.claude_agent_sdk.content import blocks_of
from sessiongraph_client.claude_agent_sdk.stored_json import from_stored, to_stored
from sessiongraph_client.claude_agent_sdk.transcript_names import ENTRIES, ENTRY_PARTS, entry_key
from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Limited
from sessiongraph_client.schema_types import BatchRecordInput

PAGE = 200
"""The most items that the server gives at once, and keys that it looks for."""
_MOST_RECORDS = 800
_MOST_BYTES = 2_000_000
"""A request has 10,000,000 at most, and a text may stand in it three times."""
_LARGEST_ITEM = 5_000_000
_PART = 3_000_000
_LOAD = """query SessiongraphClaudeLoad(
  $session: ID!, $transcripts: String!, $entries: String!, $first: Int!, $after: String
) {
  session(id: $session) {
    transcript: items(first: 1, filter: {collection: {eq: $transcripts}}) { nodes { id } }
    items(first: $first, after: $after, filter: {collection: {eq: $entries}}) {
      nodes { key value metadata }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
_LOAD_PART = """query SessiongraphClaudeLoadPart(
  $session: ID!, $collection: String!, $key: String!
) {
  session(id: $session) {
    items(first: 1, filter: {collection: {eq: $collection}, key: {eq: $key}}) { nodes { value } }
  }
}"""


@dataclass(frozen=True)
class EntryItem:
    """An entry, the key of its item, and how many bytes it has as JSON."""

    key: str
    entry: dict[str, Any]
    size: int

    @classmethod
    def of_append(cls, entries: Sequence[SessionStoreEntry], append: str) -> "list[EntryItem]":
        """Name the entries of an append; of those with the same uuid the first counts."""
        items: dict[str, EntryItem] = {}
        for place, given in enumerate(entries):
            entry: dict[str, Any] = {**given}
            key = entry_key(entry.get("uuid"), append, place)
            items.setdefault(key, cls(key, entry, len(json.dumps(entry))))
        return list(items.values())

    @property
    def longest_text(self) -> int:
        """The characters that each text may have in what is recorded beside the entry."""
        return _MOST_BYTES if self.size <= _MOST_BYTES else 100_000 // (1 + len(_blocks(self)))

    def parts(self, session: str) -> list[BatchRecordInput]:
        """Give the items that hold the entry's JSON text where it is too large for one item."""
        if self.size <= _LARGEST_ITEM:
            return []
        text = json.dumps(self.entry)
        return [
            {
                "putSessionItem": {
                    "session": session,
                    "collection": ENTRY_PARTS,
                    "key": f"{self.key}.{number}",
                    "value": text[start : start + _PART],
                }
            }
            for number, start in enumerate(range(0, len(text), _PART))
        ]

    def record(self, session: str) -> BatchRecordInput:
        """Give the entry's item, refused if there is one of its key."""
        count = ceil(self.size / _PART) if self.size > _LARGEST_ITEM else 0
        return {
            "putSessionItem": {
                "session": session,
                "collection": ENTRIES,
                "key": self.key,
                "value": {} if count else to_stored(self.entry),
                "metadata": {"parts": count} if count else {},
                "expectedRevision": 0,
            }
        }


def _blocks(item: EntryItem) -> list[dict[str, Any]]:
    message = item.entry.get("message")
    return blocks_of(message.get("content")) if isinstance(message, dict) else []


def portions(items: Iterable[EntryItem]) -> Iterator[list[EntryItem]]:
    """Part an append into what one request takes each; nothing makes one empty portion."""
    portion: list[EntryItem] = []
    records = size = 0
    for item in items:
        # an item and a message, and for each call or result up to a question, a decision, a
        # result and a message
        needed = 2 + 4 * sum("tool" in str(block.get("type")) for block in _blocks(item))
        is_full = records + needed > _MOST_RECORDS or size + item.size > _MOST_BYTES
        if portion and (is_full or len(portion) == PAGE):
            yield portion
            portion, records, size = [], 0, 0
        portion.append(item)
        records += needed
        size += item.size
    yield portion


async def load_entries(
    client: SessiongraphClient, session: str, transcripts: str
) -> list[SessionStoreEntry] | None:
    """Load all entries of a transcript, in order; None if nothing was appended to it."""
    loaded: list[SessionStoreEntry] = []
    after: str | None = None
    first = PAGE
    while True:
        try:
            data = await client.query(
                _LOAD,
                session=session,
                transcripts=transcripts,
                entries=ENTRIES,
                first=first,
                after=after,
            )
        except Limited:
            if first == 1:
                raise
            first = max(1, first // 8)  # the entries of this page are large
            continue
        found = data["session"]
        if found is None or not found["transcript"]["nodes"]:
            return None
        for node in found["items"]["nodes"]:
            parts = node["metadata"].get("parts")
            stored = await _load_parts(client, session, node["key"], parts) if parts else None
            loaded.append(from_stored(stored or node["value"]))
        after, first = found["items"]["pageInfo"]["endCursor"], PAGE
        if not found["items"]["pageInfo"]["hasNextPage"]:
            return loaded


async def _load_parts(client: SessiongraphClient, session: str, key: str, count: int) -> str:
    texts: list[str] = []
    for number in range(count):
        part = f"{key}.{number}"
        data = await client.query(_LOAD_PART, session=session, collection=ENTRY_PARTS, key=part)
        texts.append(data["session"]["items"]["nodes"][0]["value"])
    return "".join(texts)
