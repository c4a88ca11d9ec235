"""Mutations that record memory annotations."""

from datetime import datetime

import strawberry

from models import AnnotatorKind
from resolvers.memory import MEMORY
from resolvers.memory_annotation import (
    MEMORY_ANNOTATION,
    apply_memory_annotation,
    create_memory_annotation,
)
from schema.fields import one
from schema.memory import Memory
from schema.memory_annotation import MemoryAnnotation
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON


@strawberry.input(description="A correction of a memory or a remark on it.")
class CreateMemoryAnnotationInput(RecordingInput):
    """A remark."""

    memory: strawberry.ID = required("The memory: its id or `memoryId`.")
    annotation_type: str = required("The runtime's kind of remark.")
    content: JSON = required("The remark; must not be null.")
    annotator_kind: AnnotatorKind = required("What kind of annotator makes it.")
    created_by: str | None = optional("Who makes it.")
    created_at: datetime | None = optional("When it was made; now if left out.")


@strawberry.input(description="The remark to apply.")
class ApplyMemoryAnnotationInput(RecordingInput):
    """Which remark was acted on."""

    memory_annotation: strawberry.ID = required("The annotation's id.")
    applied_at: datetime | None = optional(
        "When it was applied, not before the annotation's `createdAt`; now if left out."
    )


@strawberry.type(description="The remark with its memory.")
class MemoryAnnotationPayload(Payload):
    """What the mutations of annotations answer alike."""

    memory_annotation: MemoryAnnotation | None = one(
        MEMORY_ANNOTATION, "memory_annotation", "The remark; null if deleted since."
    )
    memory: Memory | None = one(MEMORY, "memory", "The memory; null if deleted since.")


@strawberry.type(description="The remark that was recorded.")
class CreateMemoryAnnotationPayload(MemoryAnnotationPayload):
    """The answer of createMemoryAnnotation."""


@strawberry.type(description="The remark that was applied.")
class ApplyMemoryAnnotationPayload(MemoryAnnotationPayload):
    """The answer of applyMemoryAnnotation."""


@strawberry.type
class MemoryAnnotationMutation:
    """The mutations of memory annotations."""

    create_memory_annotation: CreateMemoryAnnotationPayload | None = mutation(
        create_memory_annotation,
        CreateMemoryAnnotationInput,
        CreateMemoryAnnotationPayload,
        "Record a correction of a memory or a remark on it.",
    )
    apply_memory_annotation: ApplyMemoryAnnotationPayload | None = mutation(
        apply_memory_annotation,
        ApplyMemoryAnnotationInput,
        ApplyMemoryAnnotationPayload,
        "Note that the memory was changed as the remark asks. Again, it is harmless.",
    )
