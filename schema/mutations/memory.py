"""Mutations that record memories."""

from datetime import datetime

import strawberry

from models import MemoryRelationType, MemoryState, Scope
from resolvers.memory import MEMORY, create_memory, update_memory
from resolvers.memory_deletion import delete_memory
from resolvers.memory_relation import MEMORY_RELATION
from schema.fields import many, one, value
from schema.memory import Memory
from schema.memory_relation import MemoryRelation
from schema.mutations.declaration import (
    METADATA_PATCH,
    Payload,
    RecordingInput,
    mutation,
    optional,
    required,
)
from schema.scalars import JSON


@strawberry.input(description="How the new memory bears on another.")
class MemoryRelationInput:
    """A relation to a memory that is there."""

    memory: strawberry.ID = required("The other memory: its id or `memoryId`.")
    relation_type: MemoryRelationType = required(
        "How the new memory bears on it. SUPERSEDES makes the other SUPERSEDED."
    )


@strawberry.input(description="A new memory.")
class CreateMemoryInput(RecordingInput):
    """What is to be remembered."""

    memory_id: str | None = optional(
        "The runtime's own name, unique in the project. If there is a memory of that name made "
        "from the same input, it is given back; else CONFLICT."
    )
    type: str = required("The runtime's kind of memory, such as `preference`.")
    content: JSON = required("What is remembered; must not be null.")
    agent: strawberry.ID | None = optional("The agent that remembers: its id or `agentId`.")
    user_id: str | None = optional("The person it is about, by the runtime's own name.")
    session: strawberry.ID | None = optional("The session it is made in: its id or `sessionId`.")
    source_message: strawberry.ID | None = optional("The id of the message it is drawn from.")
    memory_type: str | None = optional("The finer kind, such as `semantic` or `episodic`.")
    content_text: str | None = optional("The content as plain text.")
    importance: float | None = optional("How much it matters, 0 to 1.")
    confidence: float | None = optional("How sure it is, 0 to 1.")
    source_type: str | None = optional("What kind of source it came from.")
    valid_at: datetime | None = optional("From when on it is true.")
    invalid_at: datetime | None = optional("From when on it is no longer true.")
    expires_at: datetime | None = optional(
        "When it is to be deleted, a few seconds later at most; never if left out."
    )
    embedding: list[float] | None = optional(
        "The content as a vector, in the runtime's own model; 1 to 16,000 numbers."
    )
    metadata: JSON | None = optional("Anything else that is known; {} if left out.")
    relations: list[MemoryRelationInput] | None = optional(
        "How it bears on other memories; 100 at most."
    )
    created_at: datetime | None = optional("When it was made; now if left out.")


@strawberry.type(description="The memory that was created.")
class CreateMemoryPayload(Payload):
    """The answer of createMemory."""

    memory: Memory | None = one(MEMORY, "memory", "The memory; null if deleted since.")
    relations: list[MemoryRelation] = many(
        MEMORY_RELATION, "relations", "How it bears on other memories, as they were given."
    )
    created: bool = value(
        "created", "False if a memory of that `memoryId` was there already.", before=True
    )


@strawberry.input(description="Changes of a memory; what is left out stays as it is.")
class UpdateMemoryInput(RecordingInput):
    """What can be changed of a memory."""

    memory: strawberry.ID = required("The memory: its id or `memoryId`.")
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the memory is at this revision."
    )
    changed_by: str | None = optional("Who changes it.")
    reason: str | None = optional("Why it is changed.")
    content: JSON | None = optional("Replaces the content; must not be null.")
    content_text: str | None = optional("The content as plain text; null for none.")
    importance: float | None = optional("How much it matters, 0 to 1; null for not judged.")
    confidence: float | None = optional("How sure it is, 0 to 1; null for not judged.")
    state: MemoryState | None = optional("Whether it holds; must not be null.")
    valid_at: datetime | None = optional("From when on it is true; null for always.")
    invalid_at: datetime | None = optional("From when on it is no longer true; null for never.")
    expires_at: datetime | None = optional(
        "When it is to be deleted, a few seconds later at most; null for never."
    )
    embedding: list[float] | None = optional("The content as a vector; null for none.")
    metadata: JSON | None = optional("Replaces the metadata; must not be null.")
    metadata_patch: JSON | None = optional(METADATA_PATCH)
    changed_at: datetime | None = optional(
        "When it was changed, not before the memory's `createdAt`; now if left out."
    )


@strawberry.type(description="The memory that was changed.")
class UpdateMemoryPayload(Payload):
    """The answer of updateMemory."""

    memory: Memory | None = one(MEMORY, "memory", "The memory; null if deleted since.")


@strawberry.input(description="The memory to delete.")
class DeleteMemoryInput(RecordingInput):
    """Which memory goes."""

    memory: strawberry.ID = required("The memory: its id or `memoryId`.")
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the memory is at this revision."
    )


@strawberry.type(description="What was deleted.")
class DeleteMemoryPayload(Payload):
    """The answer of deleteMemory."""

    deleted_memory_id: strawberry.ID = value("deleted_memory", "The id that the memory had.")


@strawberry.type
class MemoryMutation:
    """The mutations of memories."""

    create_memory: CreateMemoryPayload | None = mutation(
        create_memory, CreateMemoryInput, CreateMemoryPayload, "Record a memory."
    )
    update_memory: UpdateMemoryPayload | None = mutation(
        update_memory,
        UpdateMemoryInput,
        UpdateMemoryPayload,
        "Change a memory; what it said before is kept among its revisions.",
    )
    delete_memory: DeleteMemoryPayload | None = mutation(
        delete_memory,
        DeleteMemoryInput,
        DeleteMemoryPayload,
        "Delete a memory for good, with its accesses, annotations and revisions, and its relations "
        "in both directions. Its `memoryId` is free again.",
        Scope.ADMIN,
    )
