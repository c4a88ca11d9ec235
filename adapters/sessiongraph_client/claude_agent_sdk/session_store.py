"""The `SessionStore` of the Claude Agent SDK."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from claude_agent_sdk import (
    SessionKey,
    SessionListSubkeysKey,
    SessionStore,
    SessionStoreEntry,
    SessionStoreListEntry,
    SessionSummaryEntry,
    fold_session_summary,
)
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from sessiongraph_client.claude_agent_sdk.conversation import Conversation
from sessiongraph_client.claude_agent_sdk.entry_items import (
    EntryItem,
    load_entries,
    portions,
)
from sessiongraph_client.claude_agent_sdk.transcript import Transcript, end, relabel
from sessiongraph_client.claude_agent_sdk.transcript_names import (
    MAIN_TRANSCRIPTS,
    SUBAGENT_TRANSCRIPTS,
    item_of,
    main_name,
    project_name,
    session_name,
)
from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Conflict, NotFound
from sessiongraph_client.lenient_recording import record_leniently
from sessiongraph_client.pages import read_pages
from sessiongraph_client.schema_types import BatchRecordInput
from sessiongraph_client.session_documents import put_documents
from sessiongraph_client.stored_json import from_stored

_RACE_SECONDS = 60
_MOST_UNANSWERED = 1_000
_LIST = """query SessiongraphClaudeSessions(
  $collection: String!, $key: String!, $first: Int!, $after: String
) {
  sessionItems(
    first: $first, after: $after, filter: {collection: {eq: $collection}, key: {eq: $key}}
  ) {
    nodes { value updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}"""
_SUBKEYS = """query SessiongraphClaudeSubkeys(
  $session: ID!, $collection: String!, $first: Int!, $after: String
) {
  session(id: $session) {
    children(first: $first, after: $after) {
      nodes { items(first: 1, filter: {collection: {eq: $collection}}) { nodes { value } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
_DELETE = """mutation SessiongraphClaudeDelete($input: DeleteSessionInput!) {
  deleteSession(input: $input) { deletedSessionId }
}"""


class _AnotherWriter(Exception):
    """Another append came between what was read and what was to be written."""


class SessiongraphSessionStore(SessionStore):
    """Transcripts as sessions: each entry verbatim, and the messages and tool calls it tells of.

    ::

        options = ClaudeAgentOptions(session_store=SessiongraphSessionStore(client))

    A main transcript is a session; its `sessionId` is `project_key/session_id`. A subagent's
    transcript is a child session of it, linked with the tool call that started the subagent where
    that is told. Each append is one transaction, or several for more than 200 entries or
    2,000,000 bytes: the entries as session items of the collection `claude_agent_sdk.entries`, the
    SDK's summary as one of `claude_agent_sdk.transcripts`, and the messages, tool calls,
    confirmations and events beside them. An entry whose uuid is there already is passed over. A
    failed append that is tried again by the same store doubles nothing, also of entries without a
    uuid. What the server does not take of the messages is left out, and told to the log of
    `lenient_recording`; the entries are kept all the same.

    All methods raise `SessiongraphError`, after the client's retries. The SDK gives an append up
    after 60 seconds, and tries again one that failed before: give the client `retry_seconds=50`.
    """

    def __init__(self, client: SessiongraphClient) -> None:
        self._client = client
        self._unanswered: dict[str, tuple[bytes, str]] = {}
        """Appends that failed, by session: their hash, and the name in their items' keys."""

    async def append(self, key: SessionKey, entries: list[SessionStoreEntry]) -> None:
        """Append entries in order; return once they are stored."""
        name = session_name(key)
        failed, own_name = self._unanswered.pop(name, (b"", ""))
        if not failed or failed != _digest(entries):
            own_name = uuid4().hex
        try:
            for portion in portions(EntryItem.of_append(entries, own_name)):
                await self._append(key, portion)
        except BaseException:
            while len(self._unanswered) >= _MOST_UNANSWERED:
                self._unanswered.pop(next(iter(self._unanswered)))
            self._unanswered[name] = (_digest(entries), own_name)
            raise

    async def load(self, key: SessionKey) -> list[SessionStoreEntry] | None:
        """Load all entries of a transcript as they were appended; None if it was never written."""
        return await load_entries(self._client, session_name(key), item_of(key)[0])

    async def list_sessions(self, project_key: str) -> list[SessionStoreListEntry]:
        """List the main transcripts of a `project_key`, with the time of the last append."""
        return [
            {"session_id": each["session_id"], "mtime": each["mtime"]}
            for each in await self.list_session_summaries(project_key)
        ]

    async def list_session_summaries(self, project_key: str) -> list[SessionSummaryEntry]:
        """List the summaries of all main transcripts of a `project_key`."""
        found: list[SessionSummaryEntry] = []

        async def read(first: int, after: str | None) -> Any:
            name = project_name(project_key)
            data = await self._client.query(
                _LIST, collection=MAIN_TRANSCRIPTS, key=name, first=first, after=after
            )
            return data["sessionItems"]

        async for nodes in read_pages(read):
            for node in nodes:
                summary: SessionSummaryEntry = from_stored(node["value"])["summary"]
                found.append({**summary, "mtime": _milliseconds(node["updatedAt"])})
        return found

    async def delete(self, key: SessionKey) -> None:
        """Delete a transcript with its session; of a main one also those of its subagents."""
        try:
            await self._client.mutate(_DELETE, session=session_name(key))
        except NotFound:
            return

    async def list_subkeys(self, key: SessionListSubkeysKey) -> list[str]:
        """List the subpaths of a session's transcripts, in the order of their first appends."""
        name = main_name({"project_key": key["project_key"], "session_id": key["session_id"]})
        found: list[str] = []

        async def read(first: int, after: str | None) -> Any:
            data = await self._client.query(
                _SUBKEYS, session=name, collection=SUBAGENT_TRANSCRIPTS, first=first, after=after
            )
            return data["session"] and data["session"]["children"]

        async for nodes in read_pages(read):
            items = (item for child in nodes for item in child["items"]["nodes"])
            found += [from_stored(item["value"])["subpath"] for item in items]
        return found

    async def _append(self, key: SessionKey, items: list[EntryItem]) -> None:
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(_AnotherWriter),
            stop=stop_after_delay(_RACE_SECONDS),
            wait=wait_random_exponential(multiplier=0.02, max=1),
            reraise=True,
        )
        try:
            await retrying(self._append_once, key, items)
        except _AnotherWriter as error:
            message = f"Other writers kept this append waiting for {_RACE_SECONDS} seconds."
            raise Conflict(message, code="CONFLICT") from error

    async def _append_once(self, key: SessionKey, items: list[EntryItem]) -> None:
        transcript = await Transcript.read(self._client, key, [item.key for item in items])
        new = [item for item in items if item.key not in transcript.present]
        if not new and transcript.revision:
            return
        name, summary = transcript.name, None
        if not key.get("subpath"):
            entries: Any = [item.entry for item in new]
            summary = fold_session_summary(transcript.summary, key, entries)
        told = _tell(transcript, new)
        if summary is not None:
            told += relabel(transcript, summary)
        told += end(transcript, new)
        sessions = await transcript.sessions(self._client, new, summary)
        puts = put_documents(item.put(name) for item in new)
        try:
            await record_leniently(self._client, [*sessions, *puts, transcript.item(summary)], told)
        except (Conflict, NotFound) as error:
            raise _AnotherWriter from error


def _tell(transcript: Transcript, items: list[EntryItem]) -> list[BatchRecordInput]:
    """Give the records of what the entries tell; the transcript's progress goes on."""
    longest = min((item.longest_text for item in items), default=0)
    conversation = Conversation(
        transcript.name, transcript.progress, transcript.asked, longest_text=longest
    )
    for item in items:
        conversation.add(item.key, item.entry)
    conversation.finish()
    return conversation.records


def _digest(entries: list[SessionStoreEntry]) -> bytes:
    return sha256(json.dumps(entries).encode()).digest()


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)
