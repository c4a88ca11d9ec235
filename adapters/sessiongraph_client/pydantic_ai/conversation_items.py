"""Entries and records of conversations, as session items."""

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from pydantic import ConfigDict, TypeAdapter
from pydantic_ai.conversation_store import ConversationEntry, ConversationRecord
from pydantic_ai.messages import ModelMessagesTypeAdapter

from sessiongraph_client.pydantic_ai.stored_json import from_stored, is_name, is_text, to_stored
from sessiongraph_client.schema_types import BatchRecordInput, PutSessionItemInput

ENTRIES = "pydantic_ai.entries"
"""The collection of a session's entries, by their ids."""
ENTRY_SLICES = "pydantic_ai.entry_slices"
"""The collection of the texts of entries that are too long for an item, by id and number."""
RECORD = "pydantic_ai.record"
"""The collection of a session's one record, and its key in it."""
RECORD_KEY = "record"

MOST_CHARACTERS = 2_000_000
"""Of an entry's JSON that is kept in one item; a longer one is kept in slices."""
_RECORDS = TypeAdapter(
    list[ConversationRecord], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
)


class StoredEntry(NamedTuple):
    """An entry as it is stored: what its item has, and the texts of its slices."""

    id: str
    parent_id: str | None
    value: Any
    slices: Sequence[str]

    def to_items(self, session: str) -> list[BatchRecordInput]:
        """Give the records that keep the entry in a session, slices first."""
        items = [
            _put(session, ENTRY_SLICES, f"{self.id}/{number}", text)
            for number, text in enumerate(self.slices)
        ]
        return [*items, _put(session, ENTRIES, self.id, self.value)]


def dump_entry(entry: ConversationEntry) -> StoredEntry:
    """Give an entry as it is stored.

    Raises what the framework's `ModelMessagesTypeAdapter` does, and `UnicodeEncodeError` for a
    message with a lone surrogate, which is in no JSON.
    """
    (message,) = ModelMessagesTypeAdapter.dump_python([entry.message], mode="json")
    value = {"id": entry.id, "parent_id": entry.parent_id, "kind": entry.kind, "message": message}
    text = json.dumps(value, ensure_ascii=False)
    text.encode()
    if len(text) <= MOST_CHARACTERS:
        return StoredEntry(entry.id, entry.parent_id, to_stored(value), ())
    text = json.dumps(value)  # without the characters that the server refuses
    slices = [
        text[start : start + MOST_CHARACTERS] for start in range(0, len(text), MOST_CHARACTERS)
    ]
    del value["message"]
    return StoredEntry(entry.id, entry.parent_id, {**value, "slices": len(slices)}, slices)


def load_entries(stored: Iterable[StoredEntry]) -> list[ConversationEntry]:
    """Give entries from what `dump_entry` gave of them."""
    values = [
        json.loads("".join(each.slices)) if each.slices else from_stored(each.value)
        for each in stored
    ]
    messages = ModelMessagesTypeAdapter.validate_json(
        json.dumps([value["message"] for value in values])
    )
    return [
        ConversationEntry(
            id=value["id"], parent_id=value["parent_id"], kind=value["kind"], message=message
        )
        for value, message in zip(values, messages, strict=True)
    ]


def record_item(session: str, record: ConversationRecord, expected: int) -> BatchRecordInput:
    """Give the record that keeps a conversation's record, in place of the item at a revision."""
    (value,) = _RECORDS.dump_python([record], mode="json")
    metadata = {"revision": record.revision, "updated_at": record.updated_at.isoformat()}
    if record.scope is not None:
        metadata["scope"] = name_scope(record.scope)
    item: PutSessionItemInput = {
        "session": session,
        "collection": RECORD,
        "key": RECORD_KEY,
        "value": to_stored(value),
        "metadata": metadata,
        "expectedRevision": expected,
    }
    return {"putSessionItem": item}


def deleted_record_item(session: str, expected: int) -> BatchRecordInput:
    """Give the record that marks a conversation as deleted, so that nobody saves it any more."""
    item: PutSessionItemInput = {
        "session": session,
        "collection": RECORD,
        "key": RECORD_KEY,
        "value": {},
        "metadata": {"deleted": True},
        "expectedRevision": expected,
    }
    return {"putSessionItem": item}


def load_record(item: Any) -> ConversationRecord | None:
    """Give the record that an item has, or None if the conversation is being deleted."""
    if item["metadata"].get("deleted"):
        return None
    (record,) = _RECORDS.validate_json(json.dumps([from_stored(item["value"])]))
    return record


def name_session(conversation_id: str) -> str:
    """Give the name of a conversation's session: its own id wherever the server can take it."""
    if is_name(conversation_id) and not conversation_id.startswith("session_"):
        return conversation_id
    encoded = conversation_id.encode("utf-8", "surrogatepass")
    return f"pydantic-ai:{sha256(encoded).hexdigest()}"


def name_scope(scope: str) -> str:
    """Give what a record of the scope is found by."""
    return scope if is_text(scope) else json.dumps(scope)


def _put(session: str, collection: str, key: str, value: Any) -> BatchRecordInput:
    item: PutSessionItemInput = {
        "session": session,
        "collection": collection,
        "key": key,
        "value": value,
    }
    return {"putSessionItem": item}
