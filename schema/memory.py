"""Memories in the graph. The noun to copy when one is added."""

from datetime import datetime

import strawberry

from models import Memory as Model
from models import MemoryState
from resolvers.agent import AGENT
from resolvers.memory import MEMORIES, MEMORY, MEMORY_BY_MEMORY_ID
from resolvers.memory_access import ACCESSES_BY_MEMORY
from resolvers.memory_annotation import ANNOTATIONS_BY_MEMORY
from resolvers.memory_relation import RELATIONS_BY_MEMORY, RELATIONS_TO_MEMORY
from resolvers.memory_revision import REVISIONS_BY_MEMORY
from resolvers.message import MESSAGE
from resolvers.session import SESSION
from schema.connection import Connection
from schema.enums import describe
from schema.fields import column, find, loaded, one, page
from schema.filters import filter_type
from schema.memory_access_statistics import MemoryAccessStats, access_statistics
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import (
    AgentLink,
    MemoryAccessLink,
    MemoryAnnotationLink,
    MemoryRelationLink,
    MemoryRevisionLink,
    MessageLink,
    SessionLink,
)
from schema.scalars import JSON
from schema.time_series import bucket_count

describe(
    MemoryState,
    "Whether a memory still holds.",
    ACTIVE="It holds.",
    ARCHIVED="It was put away.",
    SUPERSEDED="Another memory took its place.",
)


@node_type(Model, "Something an agent keeps between sessions.")
class Memory(Node):
    """A memory with its history of uses, remarks and changes."""

    memory_id: str | None = column(
        Model.memory_id,
        "The runtime's own name, unique in the project; null if it gave none. It never changes.",
    )
    agent: AgentLink | None = one(
        AGENT, Model.agent_id, "The agent that remembers; null for a memory that all share."
    )
    user_id: str | None = column(
        Model.user_id, "The person it is about, by the runtime's own name; null if nobody."
    )
    session: SessionLink | None = one(
        SESSION, Model.session_id, "The session it was made in; null if none or deleted."
    )
    source_message: MessageLink | None = one(
        MESSAGE, Model.source_message_id, "The message it was drawn from; null if none."
    )
    type: str = column(Model.type, "The runtime's kind of memory, such as `preference`.")
    memory_type: str | None = column(
        Model.memory_type, "The runtime's finer kind, such as `semantic` or `episodic`."
    )
    content: JSON = column(Model.content, "What is remembered.")
    content_text: str | None = column(
        Model.content_text, "The same as plain text, for reading and searching."
    )
    importance: float | None = column(Model.importance, "How much it matters, 0 to 1.")
    confidence: float | None = column(Model.confidence, "How sure it is, 0 to 1.")
    source_type: str | None = column(Model.source_type, "What kind of source it came from.")
    state: MemoryState = column(Model.state, "Whether the memory still holds.")
    valid_at: datetime | None = column(Model.valid_at, "From when on it is true; null for always.")
    invalid_at: datetime | None = column(
        Model.invalid_at, "From when on it is no longer true; null for never."
    )
    expires_at: datetime | None = column(
        Model.expires_at,
        "When the memory expires: within a few seconds after, it is deleted, with its accesses, "
        "annotations, relations and revisions. Null for never.",
    )
    access_count: int = column(Model.access_count, "How often it was used.")
    last_accessed_at: datetime | None = column(
        Model.last_accessed_at, "When it was last used; null if it never was."
    )
    embedding: list[float] | None = column(
        Model.embedding, "The content as a vector, in the runtime's own model; null if none."
    )
    metadata: JSON = column(Model.meta, "Anything else that is known of the memory.")
    revision: int = column(Model.revision, "Counts the changes: 1, 2, 3 …; for `expectedRevision`.")
    created_at: datetime = column(Model.created_at, "When it was recorded.")
    updated_at: datetime = column(
        Model.updated_at, "When the memory was last changed; an access is no change."
    )
    accesses: Connection[MemoryAccessLink] = page(
        ACCESSES_BY_MEMORY, Model.id, "Its uses, newest first."
    )
    access_stats: MemoryAccessStats = loaded(
        access_statistics,
        Model.id,
        "How much it was used over time, by `occurredAt`.",
        size=bucket_count,
    )
    annotations: Connection[MemoryAnnotationLink] = page(
        ANNOTATIONS_BY_MEMORY, Model.id, "Remarks on it, oldest first."
    )
    revisions: Connection[MemoryRevisionLink] = page(
        REVISIONS_BY_MEMORY, Model.id, "What it said before, oldest first; not what it says now."
    )
    relations: Connection[MemoryRelationLink] = page(
        RELATIONS_BY_MEMORY, Model.id, "How it bears on other memories, oldest first."
    )
    related_by: Connection[MemoryRelationLink] = page(
        RELATIONS_TO_MEMORY, Model.id, "How other memories bear on it, oldest first."
    )


MemoryFilter = filter_type(Memory, Model)
MemoryOrder = order_type(Memory, "created_at", "updated_at", "importance")


@strawberry.type
class MemoryQuery:
    """The roots of the graph that lead to memories."""

    memory: Memory | None = find(
        MEMORY,
        MEMORY_BY_MEMORY_ID,
        "One memory by its id or the runtime's `memoryId`; null if there is none.",
    )
    memories: Connection[Memory] = page(
        MEMORIES, None, "All memories of the project, newest first."
    )
