"""Session items: their loaders, how they are put, and how they are deleted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any

from orjson import loads
from sqlalchemy import Text, delete

from models import Session, SessionItem
from models.base import write_json
from resolvers.errors import Invalid
from resolvers.feed import advance
from resolvers.identifiers import table_of
from resolvers.loaders import by_id, page_by_column, page_of_project
from resolvers.lookup import check_revision, find_named
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.validation import check_name, check_size, check_values

SESSION_ITEM = by_id(SessionItem)
SESSION_ITEMS = page_of_project(SessionItem)
ITEMS_BY_SESSION = page_by_column(SessionItem.session_id, "sequence")

MOST_KEYS = 1_000
_MOST_BYTES_OF_NAMES = 2_048
"""Both names are in one entry of an index, which holds 2,704 bytes at most."""


class IfExists(StrEnum):
    """What becomes of an item that is there already."""

    REPLACE = "REPLACE"
    KEEP = "KEEP"


async def put_session_item(
    recording: Recording,
    *,
    session: str,
    collection: str,
    key: str,
    value: Any,
    metadata: Any = None,
    if_exists: IfExists = IfExists.REPLACE,
    expected_revision: int | None = None,
) -> Answer:
    """Keep a document under a key of a session's collection, in the place of the one before.

    The same value and metadata again change nothing. `expected_revision` 0 means that there is
    none yet. Raises `Invalid`, `NotFound`, and `Conflict` for another revision.
    """
    metadata = {} if metadata is None else metadata
    _check(collection, key, value, metadata)
    locked = await find_named(recording, Session.session_id, session, "session", lock=True)
    others = recording.item_keys.get(session, ())
    current = await recording.row_among(
        SessionItem,
        ({"session_id": locked.id, "collection": each, "key": its} for each, its in others),
        session_id=locked.id,
        collection=collection,
        key=key,
    )
    check_revision(current, expected_revision)
    if current is None:
        counted = await advance(recording, locked.id, events=0, counts={"item_sequence": 1})
        item = await recording.insert(
            SessionItem,
            session_id=locked.id,
            collection=collection,
            key=key,
            sequence=counted.item_sequence,
            value=value,
            metadata=metadata,
        )
        return {"session_item": item.id, "changed": True}
    is_same = current.value == write_json(value) and _equal(loads(current.metadata), metadata)
    if if_exists == IfExists.KEEP or is_same:
        return {"session_item": current.id, "changed": False}
    await advance(recording, locked.id, events=0)
    await recording.change(
        SessionItem,
        current.id,
        value=value,
        metadata=metadata,
        revision=current.revision + 1,
        updated_at=recording.now,
    )
    return {"session_item": current.id, "changed": True}


def _equal(one: Any, other: Any) -> bool:
    """Whether two JSON values say the same; for Python true is equal to 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def item_keys_of(items: Iterable[Mapping[str, Any]]) -> dict[str, list[tuple[str, str]]]:
    """Give the collections and keys of items to put, by what names their session.

    Those that are refused when they are put are left out.
    """
    keys: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for item in items:
        with suppress(Invalid):
            collection, key = item["collection"], item["key"]
            _check_names(collection, key)
            keys[item["session"]].append((collection, key))
    return keys


def _check(collection: str, key: str, value: Any, metadata: Any) -> None:
    if not isinstance(metadata, dict):
        raise Invalid("Give an object.", field="metadata")
    check_values(table_of(SessionItem), {"value": value, "metadata": metadata})
    _check_names(collection, key)


def _check_names(collection: str, key: str) -> None:
    check_name(collection, "collection")
    check_name(key, "key")
    if len(collection.encode()) + len(key.encode()) > _MOST_BYTES_OF_NAMES:
        raise Invalid(
            f"With `collection` it must not be longer than {_MOST_BYTES_OF_NAMES} bytes.",
            field="key",
        )


async def delete_session_items(
    recording: Recording, *, session: str, collection: str, keys: Sequence[str] | None = None
) -> Answer:
    """Delete items of a session's collection by their keys, or all of it where there are none."""
    check_name(collection, "collection")
    if keys is not None:
        check_size(keys, "keys", MOST_KEYS)
        for place, key in enumerate(keys):
            check_name(key, f"keys.{place}")
    locked = await find_named(recording, Session.session_id, session, "session", lock=True)
    columns = table_of(SessionItem).c
    going = delete(SessionItem).where(
        columns.project_id == recording.project_id,
        columns.session_id == locked.id,
        columns.collection == collection,
    )
    if keys is not None:
        going = going.where(columns.key == any_of(keys, Text))
    deleted = await recording.execute(going)
    return {"deleted_count": deleted.rowcount, "session": locked.id}
