"""Memories: their loaders, and how they are recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orjson import Fragment
from sqlalchemy import Row, select

from models import (
    Agent,
    EventType,
    Memory,
    MemoryRelation,
    MemoryRelationType,
    MemoryRevision,
    MemoryState,
    Message,
    Session,
)
from resolvers.feed import Event, advance, append
from resolvers.identifiers import encode, key_of, table_of
from resolvers.loaders import by_id, one_by_column, page_by_column, page_of_project
from resolvers.lookup import (
    check_own_name,
    check_revision,
    check_same_input,
    find,
    find_named,
    find_optional,
)
from resolvers.merge_patch import patch_metadata
from resolvers.recording import Answer, Recording, digest
from resolvers.validation import check_order, check_size, check_values

MEMORY = by_id(Memory)
MEMORY_BY_MEMORY_ID = one_by_column(Memory.memory_id)
MEMORIES = page_of_project(Memory)
MEMORIES_BY_AGENT = page_by_column(Memory.agent_id, "created_at", "id", descending=True)
MEMORIES_BY_SESSION = page_by_column(Memory.session_id, "created_at", "id")

_MOST_RELATIONS = 100


async def create_memory(
    recording: Recording,
    *,
    memory_id: str | None = None,
    agent: str | None = None,
    session: str | None = None,
    source_message: str | None = None,
    relations: Sequence[dict[str, Any]] | None = None,
    **values: Any,
) -> Answer:
    """Record a memory, or give the one of that `memory_id` if it came from the same input.

    `relations` are dicts of `memory` and `relation_type`; a memory that is superseded gets the
    state SUPERSEDED. With a session, the memory stands in its feed. Values are further columns of
    `Memory`. Raises `Invalid`, `NotFound`, and `Conflict` if the memory there differs.
    """
    check_size(relations or (), "relations", _MOST_RELATIONS)
    at = values.get("created_at")
    if memory_id is not None:
        values |= _name(memory_id, values, (agent, session, source_message, relations))
    locked = None
    if session is not None:
        locked = await _lock_session(recording, session, at, counts=memory_id is None)
    owner = None if agent is None else await find_named(recording, Agent.agent_id, agent, "agent")
    others = await _lock_related(recording, relations or ())
    values |= {
        "agent_id": owner and owner.id,
        "session_id": locked and locked.id,
        "source_message_id": await find_optional(
            recording, Message, source_message, "sourceMessage"
        ),
    }
    if memory_id is None:
        memory = await recording.insert(Memory, **values)
    else:
        made = await recording.insert_many(Memory, [values], key="memory_id")
        if not made:
            return await _give_back(recording, memory_id, values["input_hash"])
        memory = made[0]
        if locked is not None:
            locked = await advance(recording, locked.id, events=1, at=at)
    related = [
        await _relate(recording, memory.id, other_id, relation["relation_type"])
        for other_id, relation in zip(others, relations or (), strict=True)
    ]
    if locked is not None:
        event = Event(EventType.MEMORY_CREATED, (Memory, memory.id), occurred_at=at)
        await append(recording, locked, [event])
    return {"memory": memory.id, "relations": related, "created": True}


def _name(memory_id: str, values: Mapping[str, Any], references: Sequence[Any]) -> dict[str, Any]:
    """Give the columns of a memory's name: itself, and the hash of what the memory is made from."""
    check_own_name(memory_id, "memoryId")
    check_values(table_of(Memory), values)
    made_from = {name: value for name, value in values.items() if name != "id"}
    return {
        "memory_id": memory_id,
        "input_hash": digest({"memory_id": memory_id, "references": references, **made_from}),
    }


async def _lock_session(
    recording: Recording, session: str, at: datetime | None, *, counts: bool
) -> Row[Any]:
    """Lock the session that a memory is made in, before anything else.

    It counts an event, unless it must be seen first whether the memory is new.
    """
    if counts:
        return await advance(recording, session, events=1, at=at)
    return await find_named(recording, Session.session_id, session, "session", lock=True)


async def _give_back(recording: Recording, memory_id: str, input_hash: bytes) -> Answer:
    """Answer with the memory of that name. Raises `Conflict` if it came from another input."""
    existing = await find_named(recording, Memory.memory_id, memory_id, "memoryId")
    check_same_input(existing, input_hash, "memoryId")
    columns = table_of(MemoryRelation).c
    related = await recording.execute(
        select(columns.id)
        .where(columns.project_id == recording.project_id, columns.memory_id == existing.id)
        .order_by(columns.created_at, columns.id)
    )
    return {"memory": existing.id, "relations": list(related.scalars()), "created": False}


async def update_memory(
    recording: Recording,
    *,
    memory: str,
    expected_revision: int | None = None,
    changed_by: str | None = None,
    reason: str | None = None,
    changed_at: datetime | None = None,
    **changes: Any,
) -> Answer:
    """Change a memory and keep what it said before. Changes are columns of `Memory`.

    `metadata_patch` is a JSON merge patch of the metadata. Raises `Conflict` if the
    memory is no longer at the expected revision.
    """
    current = await find_named(recording, Memory.memory_id, memory, "memory", lock=True)
    check_revision(current, expected_revision)
    check_order(current.created_at, changed_at, "changedAt", "the memory")
    if not changes:
        return {"memory": current.id}
    changes = patch_metadata(current, changes)
    kept = ("revision", "content_text", "importance", "confidence", "state")
    await recording.insert(
        MemoryRevision,
        memory_id=current.id,
        content=Fragment(current.content),
        changed_by=changed_by,
        reason=reason,
        created_at=changed_at,
        **{name: getattr(current, name) for name in kept},
    )
    changed = await recording.change(
        Memory,
        current.id,
        **changes,
        revision=current.revision + 1,
        updated_at=changed_at or recording.now,
    )
    return {"memory": changed.id}


async def _lock_related(
    recording: Recording, relations: Sequence[dict[str, Any]]
) -> Sequence[UUID]:
    """Lock the memories that relations name, and give their UUIDs in the order of the relations.

    Memories are locked in the order of their ids, after sessions and before anything is inserted
    that refers to what a session holds, so that writers cannot deadlock.
    """
    fields: dict[UUID, str] = {}
    ids = []
    for place, relation in enumerate(relations):
        field = f"relations.{place}.memory"
        ids.append(await _related_id(recording, relation["memory"], field))
        fields.setdefault(ids[-1], field)
    for own_id, field in sorted(fields.items()):
        await find(recording, Memory, encode("memory", own_id), field, lock=True)
    return ids


async def _related_id(recording: Recording, reference: str, field: str) -> UUID:
    """Give a memory's UUID, and look it up only by its name."""
    key = key_of(table_of(Memory).c.memory_id, recording.identify(reference), field)
    own_id: UUID = (
        key.get("id") or (await find_named(recording, Memory.memory_id, reference, field)).id
    )
    return own_id


async def _relate(
    recording: Recording, memory_id: UUID, related_id: UUID, relation_type: MemoryRelationType
) -> UUID:
    row = await recording.insert(
        MemoryRelation,
        memory_id=memory_id,
        related_memory_id=related_id,
        relation_type=relation_type,
    )
    if relation_type == MemoryRelationType.SUPERSEDES:
        related = await find(recording, Memory, encode("memory", related_id), "memory", lock=True)
        await recording.change(
            Memory,
            related_id,
            state=MemoryState.SUPERSEDED,
            invalid_at=recording.not_before(related.valid_at, related.invalid_at),
            updated_at=recording.now,
        )
    relation_id: UUID = row.id
    return relation_id
