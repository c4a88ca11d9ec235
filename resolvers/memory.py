"""Memories: their loaders, and how they are recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orjson import Fragment

from models import (
    Agent,
    EventType,
    Memory,
    MemoryRelation,
    MemoryRelationType,
    MemoryRevision,
    MemoryState,
    Message,
)
from resolvers.feed import Event, advance, append
from resolvers.identifiers import encode
from resolvers.loaders import by_id, page_by_column, page_of_project
from resolvers.lookup import check_revision, find, find_named, find_optional
from resolvers.merge_patch import patch_metadata
from resolvers.recording import Answer, Recording
from resolvers.validation import check_order, check_size

MEMORY = by_id(Memory)
MEMORIES = page_of_project(Memory)
MEMORIES_BY_AGENT = page_by_column(Memory.agent_id, "created_at", "id", descending=True)
MEMORIES_BY_SESSION = page_by_column(Memory.session_id, "created_at", "id")

_MOST_RELATIONS = 100


async def create_memory(
    recording: Recording,
    *,
    agent: str | None = None,
    session: str | None = None,
    source_message: str | None = None,
    relations: Sequence[dict[str, Any]] | None = None,
    **values: Any,
) -> Answer:
    """Record a memory. Values are columns of `Memory`.

    `relations` are dicts of `memory` and `relation_type`; a memory that is superseded gets the
    state SUPERSEDED. With a session, the memory stands in its feed.
    """
    check_size(relations or (), "relations", _MOST_RELATIONS)
    at = values.get("created_at")
    locked = None if session is None else await advance(recording, session, events=1, at=at)
    owner = None if agent is None else await find_named(recording, Agent.agent_id, agent, "agent")
    others = await _lock_related(recording, relations or ())
    memory = await recording.insert(
        Memory,
        agent_id=owner and owner.id,
        session_id=locked and locked.id,
        source_message_id=await find_optional(recording, Message, source_message, "sourceMessage"),
        **values,
    )
    related = [
        await _relate(recording, memory.id, other_id, relation["relation_type"])
        for other_id, relation in zip(others, relations or (), strict=True)
    ]
    if locked is not None:
        event = Event(EventType.MEMORY_CREATED, (Memory, memory.id), occurred_at=at)
        await append(recording, locked, [event])
    return {"memory": memory.id, "relations": related}


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
    current = await find(recording, Memory, memory, "memory", lock=True)
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
    named = [
        (recording.identify(relation["memory"]), f"relations.{place}.memory")
        for place, relation in enumerate(relations)
    ]
    locked = {
        reference: (await find(recording, Memory, reference, field, lock=True)).id
        for reference, field in sorted(named)
    }
    return [locked[reference] for reference, _ in named]


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
