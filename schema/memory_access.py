"""Memory accesses in the graph."""

from datetime import datetime

from models import MemoryAccess as Model
from resolvers.memory import MEMORY
from resolvers.message import MESSAGE
from resolvers.session import SESSION
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import MemoryLink, MessageLink, SessionLink
from schema.scalars import JSON


@node_type(Model, "One use of a memory.")
class MemoryAccess(Node):
    """Who used a memory, and to what use."""

    memory: MemoryLink = one(MEMORY, Model.memory_id, "The memory used.")
    sequence: int = column(
        Model.sequence, "Its place among the uses of the memory: 1, 2, 3 …, as they were recorded."
    )
    session: SessionLink | None = one(
        SESSION, Model.session_id, "The session it was used in; null if none or deleted."
    )
    message: MessageLink | None = one(
        MESSAGE, Model.message_id, "The message it was used for; null if none or deleted."
    )
    access_type: str = column(
        Model.access_type, "How it was used: READ, UPDATE, REFERENCE, SEARCH_HIT …"
    )
    accessed_by: str | None = column(Model.accessed_by, "Who used it; null if not told.")
    accessor_type: str | None = column(
        Model.accessor_type, "What kind of accessor that is: AGENT, USER, SYSTEM …"
    )
    context: JSON | None = column(Model.context, "Further facts.")
    query_text: str | None = column(Model.query_text, "What was searched for; null if nothing.")
    rank: int | None = column(Model.rank, "Its place among the search's hits; null if no search.")
    score: float | None = column(Model.score, "The search's score; null if no search.")
    usefulness: float | None = column(
        Model.usefulness, "How much it helped, 0 to 1; null if not judged."
    )
    occurred_at: datetime = column(Model.occurred_at, "When it was used.")
    created_at: datetime = column(Model.created_at, "When the use was recorded.")


MemoryAccessFilter = filter_type(MemoryAccess, Model)
MemoryAccessOrder = order_type(MemoryAccess, "occurred_at")
