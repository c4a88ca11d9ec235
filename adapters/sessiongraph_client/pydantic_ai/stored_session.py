"""A conversation's session as it is stored, as far as a save has to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_ai.conversation_store import ConversationEntry, ConversationRecord

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.errors import Forbidden, NotFound
from sessiongraph_client.pydantic_ai.conversation_items import (
    ENTRIES,
    RECORD,
    load_record,
    name_session,
)
from sessiongraph_client.pydantic_ai.deferred_calls import deferred_ids
from sessiongraph_client.pydantic_ai.told_messages import INSTRUCTIONS, METADATA, answered_ids
from sessiongraph_client.session_documents import collection_of_parts

_RECORD = """query SessiongraphPydanticRecord($session: ID!, $record: String!) {
  session(id: $session) {
    id
    record: items(first: 1, filter: {collection: {eq: $record}}) {
      nodes { value metadata revision }
    }
  }
}"""
_BEFORE_SAVE = """query SessiongraphPydanticBeforeSave(
  $session: ID!, $record: String!, $entries: String!, $keys: [String!]!, $calls: [String!]!
  $instructions: JSON!
) {
  session(id: $session) {
    id
    userId
    record: items(first: 1, filter: {collection: {eq: $record}}) {
      nodes { value metadata revision }
    }
    entries: items(first: 200, filter: {collection: {eq: $entries}, key: {in: $keys}}) {
      nodes { key }
    }
    toolCalls(
      last: 200
      filter: {
        or: [{toolCallId: {in: $calls}}, {status: {in: [AWAITING_CONFIRMATION, RUNNING]}}]
      }
    ) {
      nodes { toolCallId status confirmation { id status } }
    }
    messages(last: 1, filter: {metadata: {contains: $instructions}}) { nodes { content } }
  }
}"""
_DELETE = """mutation SessiongraphPydanticDelete($input: DeleteSessionInput!) {
  deleteSession(input: $input) { deletedSessionCount }
}"""
_LEFT = """query SessiongraphPydanticLeft($session: ID!, $record: String!, $collection: String!) {
  session(id: $session) {
    record: items(first: 1, filter: {collection: {eq: $record}}) { nodes { revision } }
    items(first: 200, filter: {collection: {eq: $collection}}) { nodes { key } }
  }
}"""
_DELETE_ITEMS = """mutation SessiongraphPydanticDeleteItems($input: DeleteSessionItemsInput!) {
  deleteSessionItems(input: $input) { deletedCount }
}"""
_MOST_KEYS = 200
_INSTRUCTIONS = {METADATA: {"part": INSTRUCTIONS}}


@dataclass(frozen=True)
class StoredSession:
    """A session: what it has of a conversation.

    `id` is its id, or its name if it is not there. `record` is None and `revision` 0 where no
    conversation was saved in it. `missing` are the entries asked for that it does not have,
    `calls` the last attempts of its tool calls that matter to the save, by the framework's ids.
    """

    id: str
    exists: bool
    user_id: str | None = None
    record: ConversationRecord | None = None
    revision: int = 0
    missing: Sequence[str] = ()
    calls: Mapping[str, Mapping[str, Any]] | None = None
    instructions: str | None = None


async def find_session(client: SessiongraphClient, conversation_id: str) -> StoredSession:
    """Find a conversation's session with its record."""
    name = name_session(conversation_id)
    data = await client.query(_RECORD, session=name, record=RECORD)
    try:
        return await _read(client, name, data["session"], [])
    except Forbidden:  # a key that only reads leaves what is to be deleted
        return StoredSession(name, exists=False)


async def find_session_for_save(
    client: SessiongraphClient, record: ConversationRecord, entries: Sequence[ConversationEntry]
) -> StoredSession:
    """Find what a save of a record with new entries has to know of the session."""
    new = {entry.id for entry in entries}
    named = [record.head_id, *(entry.parent_id for entry in entries), *record.branches]
    keys = [key for key in dict.fromkeys(named) if key is not None and key not in new][:_MOST_KEYS]
    calls = [*deferred_ids(record.deferred_tool_requests), *answered_ids(entries)]
    name = name_session(record.conversation_id)
    data = await client.query(
        _BEFORE_SAVE,
        session=name,
        record=RECORD,
        entries=ENTRIES,
        keys=keys,
        calls=list(dict.fromkeys(calls))[:_MOST_KEYS],
        instructions=_INSTRUCTIONS,
    )
    return await _read(client, name, data["session"], keys)


async def delete_session(client: SessiongraphClient, session: str, revision: int) -> bool:
    """Delete a session whose record is marked as deleted, at the revision; tell if it is gone.

    With a key that may not delete sessions, its entries alone are deleted.
    """
    try:
        await client.mutate(_DELETE, session=session)
    except NotFound:
        pass
    except Forbidden:
        for collection in (ENTRIES, collection_of_parts(ENTRIES)):
            await _delete_items(client, session, revision, collection)
        return False
    return True


async def _delete_items(
    client: SessiongraphClient, session: str, revision: int, collection: str
) -> None:
    """Delete the items of a collection that were there before another record was saved."""
    while True:
        data = await client.query(_LEFT, session=session, record=RECORD, collection=collection)
        left = data["session"]
        if left is None or [node["revision"] for node in left["record"]["nodes"]] != [revision]:
            return
        if not (keys := [node["key"] for node in left["items"]["nodes"]]):
            return
        await client.mutate(_DELETE_ITEMS, session=session, collection=collection, keys=keys)


async def _read(
    client: SessiongraphClient, name: str, session: Any, keys: Sequence[str]
) -> StoredSession:
    if session is None:
        return StoredSession(name, exists=False, missing=keys)
    item = next(iter(session["record"]["nodes"]), None)
    record = load_record(item) if item else None
    if item and record is None:  # who began to delete it did not come to the end
        if await delete_session(client, session["id"], item["revision"]):
            return StoredSession(name, exists=False, missing=keys)
        session = {**session, "entries": {"nodes": ()}}
    there = {node["key"] for node in session.get("entries", {"nodes": ()})["nodes"]}
    messages = session.get("messages", {"nodes": ()})["nodes"]
    return StoredSession(
        id=session["id"],
        exists=True,
        user_id=session.get("userId"),
        record=record,
        revision=item["revision"] if item else 0,
        missing=[key for key in keys if key not in there],
        calls={
            node["toolCallId"]: node for node in session.get("toolCalls", {"nodes": ()})["nodes"]
        },
        instructions=messages[0]["content"] if messages else None,
    )
