"""A transcript's entries as session items: each as it is, in order, large ones in parts."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from claude_agent_sdk import SessionStoreEntry

from sessiongraph_client.claude_agent_sdk.content import blocks_of
from sessiongraph_client.claude_agent_sdk.transcript_names import ENTRIES, entry_key
from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.pages import PAGE, read_pages
from sessiongraph_client.schema_types import PutSessionItemInput
from sessiongraph_client.session_documents import read_document

_MOST_RECORDS = 800
_MOST_BYTES = 2_000_000
"""A request has 10,000,000 at most, and a text may stand in it three times."""
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

    def put(self, session: str) -> PutSessionItemInput:
        """Give what keeps the entry as an item, refused if there is one of its key."""
        return {
            "session": session,
            "collection": ENTRIES,
            "key": self.key,
            "value": self.entry,
            "expectedRevision": 0,
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

    async def read(first: int, after: str | None) -> Any:
        data = await client.query(
            _LOAD,
            session=session,
            transcripts=transcripts,
            entries=ENTRIES,
            first=first,
            after=after,
        )
        found = data["session"]
        return found["items"] if found and found["transcript"]["nodes"] else None

    loaded: list[SessionStoreEntry] | None = None
    async for nodes in read_pages(read):
        loaded = loaded or []
        loaded += [await read_document(client, session, ENTRIES, node) for node in nodes]
    return loaded
