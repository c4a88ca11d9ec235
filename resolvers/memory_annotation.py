"""Memory annotations: their loaders, and how they are recorded."""

from datetime import datetime
from typing import Any

from models import Memory, MemoryAnnotation
from resolvers.loaders import by_id, page_by_column
from resolvers.lookup import find, find_named
from resolvers.recording import Answer, Recording
from resolvers.validation import check_order

MEMORY_ANNOTATION = by_id(MemoryAnnotation)
ANNOTATIONS_BY_MEMORY = page_by_column(MemoryAnnotation.memory_id, "created_at", "id")


async def create_memory_annotation(recording: Recording, *, memory: str, **values: Any) -> Answer:
    """Record a remark on a memory. Values are columns of `MemoryAnnotation`."""
    remarked = await find_named(recording, Memory.memory_id, memory, "memory")
    annotation = await recording.insert(MemoryAnnotation, memory_id=remarked.id, **values)
    return {"memory_annotation": annotation.id, "memory": remarked.id}


async def apply_memory_annotation(
    recording: Recording, *, memory_annotation: str, applied_at: datetime | None = None
) -> Answer:
    """Note that a memory was changed as a remark asks. Applying it again changes nothing."""
    annotation = await find(
        recording, MemoryAnnotation, memory_annotation, "memoryAnnotation", lock=True
    )
    if not annotation.is_applied:
        check_order(annotation.created_at, applied_at, "appliedAt", "the remark")
        await recording.change(
            MemoryAnnotation,
            annotation.id,
            is_applied=True,
            applied_at=applied_at or recording.now,
        )
    return {"memory_annotation": annotation.id, "memory": annotation.memory_id}
