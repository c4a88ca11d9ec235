"""How memories are deleted, with everything recorded of them."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete

from models import Memory, MemoryAccess
from resolvers.duty import Duty
from resolvers.identifiers import encode, table_of
from resolvers.lookup import check_revision, find_named
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.row_slices import delete_numbered


async def delete_memory(
    recording: Recording, *, memory: str, expected_revision: int | None = None
) -> Answer:
    """Delete a memory with its accesses, annotations, relations and revisions.

    Raises `NotFound`, and `Conflict` if the memory is no longer at the expected revision.
    """
    found = await find_named(recording, Memory.memory_id, memory, "memory", lock=True)
    check_revision(found, expected_revision)
    await delete_locked(recording, {found.id: found.access_count})
    return {"deleted_memory": encode("memory", found.id)}


async def delete_locked(
    recording: Recording, access_counts: Mapping[UUID, int], duty: Duty | None = None
) -> None:
    """Delete memories that are locked, given with their counts, and tell who follows them.

    With a duty it rests now and then.
    """
    for memory_id, access_count in access_counts.items():
        await delete_numbered(
            recording,
            MemoryAccess.memory_id,
            memory_id,
            number="sequence",
            last=access_count,
            duty=duty,
        )
    if not access_counts:
        return
    columns = table_of(Memory).c
    await recording.execute(
        delete(Memory).where(
            columns.project_id == recording.project_id, columns.id == any_of(access_counts)
        )
    )
    recording.topics += access_counts
