"""Entries and records of conversations, as session items."""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from pydantic_ai.conversation_store import ConversationEntry, ConversationRecord
from pydantic_ai.messages import ModelMessagesTypeAdapter

from sessiongraph_client.schema_types import BatchRecordInput, PutSessionItemInput
from sessiongraph_client.session_documents import put_documents
from sessiongraph_client.stored_json import from_stored, is_name, is_text, to_stored

ENTRIES = "pydantic_ai.entries"
"""The collection of a session's entries, by their ids."""
RECORD = "pydantic_ai.record"
"""The collection of a session's one record, and its key in it."""
RECORD_KEY = "record"

_RECORDS = TypeAdapter(
    list[ConversationRecord], config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
)


def dump_entry(entry: ConversationEntry) -> dict[str, Any]:
    """Give an entry as the document that is stored.

    Raises what the framework's `ModelMessagesTypeAdapter` does, and `UnicodeEncodeError` for a
    message with a lone surrogate, which is in no JSON.
    """
    (message,) = ModelMessagesTypeAdapter.dump_python([entry.message], mode="json")
    stored = {"id": entry.id, "parent_id": entry.parent_id, "kind": entry.kind, "message": message}
    json.dumps(stored, ensure_ascii=False).encode()
    return stored


def put_entries(session: str, stored: Iterable[Mapping[str, Any]]) -> list[BatchRecordInput]:
    """Give the records that keep entries, as `dump_entry` gave them, in a session."""
    return put_documents(
        {"session": session, "collection": ENTRIES, "key": entry["id"], "value": entry}
        for entry in stored
    )


def load_entries(stored: Sequence[Mapping[str, Any]]) -> list[ConversationEntry]:
    """Give entries from what `dump_entry` gave of them."""
    messages = ModelMessagesTypeAdapter.validate_json(
        json.dumps([entry["message"] for entry in stored])
    )
    return [
        ConversationEntry(
            id=entry["id"], parent_id=entry["parent_id"], kind=entry["kind"], message=message
        )
        for entry, message in zip(stored, messages, strict=True)
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
