"""Memory accesses: their loaders, and how they are recorded."""

from typing import Any

from models import EventType, Memory, MemoryAccess, Message
from resolvers.feed import Event, advance, append
from resolvers.identifiers import key_of, table_of
from resolvers.loaders import by_id, page_by_column
from resolvers.lookup import find_optional, not_found
from resolvers.recording import Answer, Recording

MEMORY_ACCESS = by_id(MemoryAccess)
ACCESSES_BY_MEMORY = page_by_column(MemoryAccess.memory_id, "occurred_at", "id", descending=True)
ACCESSES_BY_SESSION = page_by_column(MemoryAccess.session_id, "occurred_at", "id")


async def record_memory_access(
    recording: Recording,
    *,
    memory: str,
    session: str | None = None,
    message: str | None = None,
    **values: Any,
) -> Answer:
    """Record a use of a memory and count it. Values are columns of `MemoryAccess`.

    The memory's `updated_at` stays as it is. With a session, the use stands in its feed.
    """
    at = values.get("occurred_at")
    locked = None if session is None else await advance(recording, session, events=1, at=at)
    message_id = await find_optional(recording, Message, message, "message")
    row = await recording.adjust(
        Memory,
        key_of(table_of(Memory).c.memory_id, recording.identify(memory), "memory"),
        add={"access_count": 1},
        latest={"last_accessed_at": at},
    )
    if row is None:
        raise not_found(Memory, "memory")
    access = await recording.insert(
        MemoryAccess,
        memory_id=row.id,
        session_id=locked and locked.id,
        message_id=message_id,
        sequence=row.access_count,
        **values,
    )
    recording.topics.append(row.id)
    if locked is not None:
        event = Event(EventType.MEMORY_ACCESSED, (MemoryAccess, access.id), occurred_at=at)
        await append(recording, locked, [event])
    return {"memory_access": access.id, "memory": row.id}
