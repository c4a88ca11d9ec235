"""State snapshots in the graph."""

from datetime import datetime

from models import StateSnapshot as Model
from resolvers.module_state import MODULE_STATE
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import ModuleStateLink
from schema.scalars import JSON


@node_type(Model, "A copy of a module state that is kept for a reason.")
class StateSnapshot(Node):
    """A document as it was at one revision."""

    module_state: ModuleStateLink = one(MODULE_STATE, Model.module_state_id, "The state copied.")
    revision: int = column(Model.revision, "The revision copied.")
    state: JSON = column(Model.state, "The document as it was.")
    reason: str = column(Model.reason, "Why it is kept.")
    expires_at: datetime | None = column(
        Model.expires_at,
        "When the copy expires, as its state was to when it was made: within a few seconds after, "
        "it is deleted. Null for never.",
    )
    created_at: datetime = column(Model.created_at, "When the copy was made.")


StateSnapshotFilter = filter_type(StateSnapshot, Model)
StateSnapshotOrder = order_type(StateSnapshot, "revision")
