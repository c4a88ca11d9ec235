"""The framework's items as they are kept, to be given back to the letter."""

import json
from typing import Any
from uuid import uuid4

from sessiongraph_client.errors import InvalidInput
from sessiongraph_client.openai_agents.plain_json import clean
from sessiongraph_client.schema_types import BatchRecordInput

COLLECTION = "openai_agents.items"
_MOST_BYTES = 8_000_000
_AS_TEXT = {"encoding": "json"}


def new_key() -> str:
    """Make a key that no other item has."""
    return uuid4().hex


def pack(text: str, item: Any) -> tuple[Any, dict[str, Any]]:
    """Give the value and the metadata that an item is kept as; `text` is its JSON.

    What a JSON value cannot hold in the database (NUL characters, lone surrogates, NaN, great
    numbers, many levels, null) is kept as JSON text. Raises `InvalidInput` for what is too large.
    """
    value, metadata = (item, {}) if _is_plain(item) else (text, dict(_AS_TEXT))
    if len(text) > _MOST_BYTES // 2:
        size = len(json.dumps(value, ensure_ascii=False).encode())
        if size > _MOST_BYTES:
            message = f"The item has {size:,} bytes; at most {_MOST_BYTES:,} are kept."
            raise InvalidInput(message, code="BAD_USER_INPUT")
    return value, metadata


def pack_as_text(record: BatchRecordInput) -> bool:
    """Keep the item of a record as JSON text from now on; whether it was not kept so before."""
    put = record.get("putSessionItem")
    if put is None or "encoding" in (metadata := put.get("metadata") or {}):
        return False
    put["value"] = json.dumps(put["value"])
    put["metadata"] = {**metadata, **_AS_TEXT}
    return True


def unpack(value: Any, metadata: dict[str, Any]) -> Any:
    """Give the item back from its value and metadata."""
    return json.loads(value) if metadata.get("encoding") == "json" else value


def _is_plain(item: Any) -> bool:
    return item is not None and clean(item) is item
