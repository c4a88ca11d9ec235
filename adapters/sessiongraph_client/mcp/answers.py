"""What the tools answer, by the names that they take, so that a model reads what it may write."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

MemoryState = Literal["ACTIVE", "ARCHIVED", "SUPERSEDED"]
RelationType = Literal["SUPERSEDES", "CONTRADICTS", "DERIVED_FROM", "RELATED"]


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Memory(_Answer):
    """A memory as it is now."""

    id: str
    """The id, for the other tools; `memory://<id>` is its resource."""
    memory_id: str | None
    """The name that it was given, for the other tools too; null if none."""
    kind: str
    """Such as `preference`."""
    text: str | None
    """What is remembered, in words; null if only `content` says it."""
    content: Any
    """The same as structured data; null if `text` is all there is."""
    importance: float | None
    """How much it matters, 0 to 1."""
    confidence: float | None
    """How sure it is, 0 to 1."""
    state: MemoryState
    """ACTIVE if it holds; ARCHIVED if put away; SUPERSEDED if another took its place."""
    user_id: str | None
    """The person it is about; null if nobody."""
    metadata: dict[str, Any]
    """Anything else that is known of it."""
    revision: int
    """Counts the changes: 1, 2, 3 …; for `expected_revision`."""
    valid_at: str | None
    """From when on it is true; null for always."""
    invalid_at: str | None
    """From when on it is no longer true; null for never."""
    created_at: str
    """When it was made."""
    updated_at: str
    """When it was last changed."""


class Annotation(_Answer):
    """A correction of a memory or a remark on it."""

    id: str
    kind: str
    """Such as `correction`."""
    content: Any
    """The remark."""
    annotator_kind: Literal["HUMAN", "LLM", "CODE"]
    created_by: str | None
    is_applied: bool
    """Whether the memory was changed accordingly."""
    created_at: str


class Relation(_Answer):
    """How one memory bears on another: as in "`memory` SUPERSEDES `related_memory`"."""

    memory: str
    """The id of the first."""
    relation_type: RelationType
    related_memory: str
    """The id of the second."""


class Revision(_Answer):
    """What a memory said before."""

    revision: int
    text: str | None
    content: Any
    importance: float | None
    confidence: float | None
    state: MemoryState
    changed_by: str | None
    """Who replaced it."""
    reason: str | None
    """Why it was replaced."""
    created_at: str
    """When it was replaced."""


class FoundMemories(_Answer):
    """What a search found."""

    memories: list[Memory]
    next: str | None
    """Give it as `after` to get the next ones; null if there are no more."""


class MemoryInFull(_Answer):
    """A memory with what was asked for beside it: the newest 50 of each, oldest first."""

    memory: Memory
    annotations: list[Annotation] | None = None
    """Corrections and remarks; null if not asked for."""
    relations: list[Relation] | None = None
    """How it bears on other memories, then how others bear on it; null if not asked for."""
    revisions: list[Revision] | None = None
    """What it said before; null if not asked for."""


class WrittenMemory(_Answer):
    """What was written."""

    memory: Memory
    created: bool
    """Whether it is new; false if it was there and was changed."""


class AnnotatedMemory(_Answer):
    """What was remarked, and on what."""

    annotation: Annotation
    memory: Memory
