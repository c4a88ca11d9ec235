"""Memory annotations: their loaders, and how they are recorded."""

from typing import Any

from models import Memory, MemoryAnnotation
from resolvers.loaders import by_id, page_by_column
from resolvers.lookup import find
from resolvers.recording import Answer, Recording

MEMORY_ANNOTATION = by_id(MemoryAnnotation)
ANNOTATIONS_BY_MEMORY = page_by_column(MemoryAnnotation.memory_id, "created_at", "id")


async def create_memory_annotation(recording: Recording, *, memory: str, **values: Any) -> Answer:
    """Record a remark on a memory. Values are columns of `MemoryAnnotation`."""
    remarked = await find(recording, Memory, memory, "memory")
    annotation = await recording.insert(MemoryAnnotation, memory_id=remarked.id, **values)
    return {"memory_annotation": annotation.id, "memory": remarked.id}


async def apply_memory_annotation(recording: Recording, *, memory_annotation: str) -> Answer:
    """Note that a memory was changed as a remark asks. Applying it again changes nothing."""
    annotation = await find(
        recording, MemoryAnnotation, memory_annotation, "memoryAnnotation", lock=True
    )
    if not annotation.is_applied:
        await recording.change(
            MemoryAnnotation, annotation.id, is_applied=True, applied_at=recording.now
        )
    return {"memory_annotation": annotation.id, "memory": annotation.memory_id}
