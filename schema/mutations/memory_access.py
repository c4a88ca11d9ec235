"""Mutations that record uses of memories."""

from datetime import datetime

import strawberry

from resolvers.memory import MEMORY
from resolvers.memory_access import MEMORY_ACCESS, record_memory_access
from schema.fields import one
from schema.memory import Memory
from schema.memory_access import MemoryAccess
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON


@strawberry.input(description="One use of a memory.")
class MemoryAccessInput:
    """Who used a memory, and to what use."""

    memory: strawberry.ID = required("The memory: its id or `memoryId`.")
    access_type: str = required("How it was used: READ, UPDATE, REFERENCE, SEARCH_HIT …")
    accessed_by: str | None = optional("Who used it.")
    accessor_type: str | None = optional("What kind of accessor that is: AGENT, USER, SYSTEM …")
    context: JSON | None = optional("Further facts.")
    query_text: str | None = optional("What was searched for.")
    rank: int | None = optional("Its place among the search's hits; at least 0.")
    score: float | None = optional("The search's score.")
    usefulness: float | None = optional("How much it helped, 0 to 1.")
    occurred_at: datetime | None = optional("When it was used; now if left out.")


@strawberry.input(description="One use of a memory.")
class RecordMemoryAccessInput(RecordingInput, MemoryAccessInput):
    """A use of a memory and where it was."""

    session: strawberry.ID | None = optional("The session it was used in: its id or `sessionId`.")
    message: strawberry.ID | None = optional("The id of the message it was used for.")


@strawberry.type(description="The use that was recorded.")
class RecordMemoryAccessPayload(Payload):
    """The answer of recordMemoryAccess."""

    memory_access: MemoryAccess | None = one(
        MEMORY_ACCESS, "memory_access", "The use; null if deleted since."
    )
    memory: Memory | None = one(MEMORY, "memory", "The memory; null if deleted since.")


@strawberry.type
class MemoryAccessMutation:
    """The mutations of memory accesses."""

    record_memory_access: RecordMemoryAccessPayload | None = mutation(
        record_memory_access,
        RecordMemoryAccessInput,
        RecordMemoryAccessPayload,
        "Record a use of a memory; it raises `accessCount` and sets `lastAccessedAt`.",
    )
