"""Memory annotations in the graph."""

from datetime import datetime

from models import AnnotatorKind
from models import MemoryAnnotation as Model
from resolvers.memory import MEMORY
from schema.enums import describe
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import MemoryLink
from schema.scalars import JSON

describe(
    AnnotatorKind,
    "Who annotates.",
    HUMAN="A person.",
    LLM="A language model.",
    CODE="A program.",
)


@node_type(Model, "A correction of a memory or a remark on it.")
class MemoryAnnotation(Node):
    """A remark, applied to the memory or not yet."""

    memory: MemoryLink = one(MEMORY, Model.memory_id, "The memory remarked on.")
    annotation_type: str = column(Model.annotation_type, "The runtime's kind of remark.")
    content: JSON = column(Model.content, "The remark.")
    annotator_kind: AnnotatorKind = column(Model.annotator_kind, "What kind of annotator made it.")
    created_by: str | None = column(Model.created_by, "Who made it; null if not told.")
    is_applied: bool = column(Model.is_applied, "Whether the memory was changed accordingly.")
    applied_at: datetime | None = column(Model.applied_at, "When that was; null until then.")
    created_at: datetime = column(Model.created_at, "When it was recorded.")


MemoryAnnotationFilter = filter_type(MemoryAnnotation, Model)
MemoryAnnotationOrder = order_type(MemoryAnnotation, "created_at")
