"""Memory revisions in the graph."""

from datetime import datetime

from models import MemoryRevision as Model
from models import MemoryState
from resolvers.memory import MEMORY
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import MemoryLink
from schema.scalars import JSON


@node_type(Model, "What a memory said before it was changed.")
class MemoryRevision(Node):
    """A memory as it was."""

    memory: MemoryLink = one(MEMORY, Model.memory_id, "The memory.")
    revision: int = column(Model.revision, "The revision that this was: 1, 2, 3 …")
    content: JSON = column(Model.content, "What was remembered.")
    content_text: str | None = column(Model.content_text, "The same as plain text.")
    importance: float | None = column(Model.importance, "How much it mattered, 0 to 1.")
    confidence: float | None = column(Model.confidence, "How sure it was, 0 to 1.")
    state: MemoryState = column(Model.state, "Whether it held.")
    changed_by: str | None = column(Model.changed_by, "Who replaced it; null if not told.")
    reason: str | None = column(Model.reason, "Why it was replaced; null if not told.")
    created_at: datetime = column(Model.created_at, "When it was replaced.")


MemoryRevisionFilter = filter_type(MemoryRevision, Model)
MemoryRevisionOrder = order_type(MemoryRevision, "revision")
