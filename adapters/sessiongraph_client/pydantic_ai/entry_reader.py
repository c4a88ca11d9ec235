"""Reading a history: the entries of a session, from an entry back to the first."""

from typing import Any

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Limited, NotFound
from sessiongraph_client.pages import PAGE
from sessiongraph_client.pydantic_ai.conversation_items import ENTRIES
from sessiongraph_client.session_documents import read_document

_ENTRY = """query SessiongraphPydanticEntry($entries: String!, $entry: String!) {
  sessionItems(first: 1, filter: {collection: {eq: $entries}, key: {eq: $entry}}) {
    nodes { key value metadata session { id } }
  }
}"""
_HEAD = """query SessiongraphPydanticHead($entries: String!, $entry: String!, $last: Int!) {
  sessionItems(first: 1, filter: {collection: {eq: $entries}, key: {eq: $entry}}) {
    nodes {
      session {
        id
        items(last: $last, filter: {collection: {eq: $entries}}) {
          nodes { key value metadata } pageInfo { hasPreviousPage startCursor }
        }
      }
    }
  }
}"""
_BEFORE = """query SessiongraphPydanticBefore(
  $session: ID!, $entries: String!, $last: Int!, $before: String!
) {
  session(id: $session) {
    id
    items(last: $last, before: $before, filter: {collection: {eq: $entries}}) {
      nodes { key value metadata } pageInfo { hasPreviousPage startCursor }
    }
  }
}"""


class _SessionGone(Exception):
    """The session that was read was deleted meanwhile; others may have the same entries."""


class EntryReader:
    """Reads entries wherever in the project they are.

    An entry's history is in its session, each entry after the one that it points at. A fork has
    copies in a session of its own, so an entry may be in several sessions: any will do.
    """

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._page = PAGE

    async def read(self, entry_id: str) -> dict[str, Any]:
        """Read an entry. Raises `LookupError` if there is none of that id."""
        while True:
            data = await self._client.query(_ENTRY, entries=ENTRIES, entry=entry_id)
            if not (nodes := data["sessionItems"]["nodes"]):
                raise LookupError(entry_id)
            try:
                return await self._load(nodes[0]["session"]["id"], nodes[0])
            except _SessionGone:
                continue

    async def read_history(self, head_id: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Read the last `limit` entries up to one, all if None, in order.

        It takes a request for 200 entries that the session has, those of left branches included.
        Raises `LookupError` if the entry, or one before it, is not there.
        """
        while True:
            try:
                return await self._read_history(head_id, limit)
            except _SessionGone:
                continue
            except Limited:
                if self._page == 1:
                    raise
                self._page = max(1, self._page // 8)  # the entries are large

    async def _read_history(self, head_id: str, limit: int | None) -> list[dict[str, Any]]:
        last = self._page if limit is None else min(self._page, limit)
        data = await self._client.query(_HEAD, entries=ENTRIES, entry=head_id, last=last)
        if not (nodes := data["sessionItems"]["nodes"]):
            raise LookupError(head_id)
        session = nodes[0]["session"]
        found: list[dict[str, Any]] = []
        wanted: str | None = head_id
        while True:
            for node in reversed(session["items"]["nodes"]):
                if node["key"] == wanted:
                    found.append(await self._load(session["id"], node))
                    wanted = found[-1]["parent_id"]
                if wanted is None or len(found) == limit:
                    return found[::-1]
            page = session["items"]["pageInfo"]
            if not page["hasPreviousPage"]:
                raise LookupError(wanted)
            data = await self._client.query(
                _BEFORE,
                session=session["id"],
                entries=ENTRIES,
                last=self._page,
                before=page["startCursor"],
            )
            if (session := data["session"]) is None:
                raise _SessionGone

    async def _load(self, session: str, node: Any) -> dict[str, Any]:
        try:
            entry: dict[str, Any] = await read_document(self._client, session, ENTRIES, node)
        except NotFound as error:
            raise _SessionGone from error
        return entry
