"""Memory relations in the graph."""

from datetime import datetime

from models import MemoryRelation as Model
from models import MemoryRelationType
from resolvers.memory import MEMORY
from schema.enums import describe
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import MemoryLink

describe(
    MemoryRelationType,
    "What one memory does to another.",
    SUPERSEDES="Takes its place.",
    CONTRADICTS="Says otherwise.",
    DERIVED_FROM="Was drawn from it.",
    RELATED="Has to do with it.",
)


@node_type(Model, "How one memory bears on another.")
class MemoryRelation(Node):
    """`memory` SUPERSEDES (CONTRADICTS …) `relatedMemory`."""

    memory: MemoryLink = one(MEMORY, Model.memory_id, "The memory that bears on the other.")
    related_memory: MemoryLink = one(MEMORY, Model.related_memory_id, "The other memory.")
    relation_type: MemoryRelationType = column(Model.relation_type, "How it bears on the other.")
    created_at: datetime = column(Model.created_at, "When the relation was recorded.")


MemoryRelationFilter = filter_type(MemoryRelation, Model)
MemoryRelationOrder = order_type(MemoryRelation, "created_at")
