"""State transitions in the graph."""

from datetime import datetime

from models import StateTransition as Model
from resolvers.module_state import MODULE_STATE
from schema.fields import column, one
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import ModuleStateLink
from schema.scalars import JSON


@node_type(Model, "The change that made one revision of a module state.")
class StateTransition(Node):
    """An entry of the append-only log of a module state."""

    module_state: ModuleStateLink = one(MODULE_STATE, Model.module_state_id, "The state changed.")
    revision: int = column(Model.revision, "The revision that the change made: 1, 2, 3 …")
    is_patch: bool = column(
        Model.is_patch,
        "True if `newValues` is a JSON merge patch (RFC 7396), false if it is the document.",
    )
    trigger_type: str | None = column(Model.trigger_type, "What kind of thing set it off.")
    trigger_id: str | None = column(Model.trigger_id, "Which one, in the runtime's own words.")
    transition_data: JSON | None = column(Model.transition_data, "Further facts.")
    previous_values: JSON | None = column(
        Model.previous_values,
        "What `newValues` replaced: the values under a patch's keys, or the document; "
        "null for revision 1.",
    )
    new_values: JSON = column(Model.new_values, "The merge patch, or the whole document.")
    actor_id: str | None = column(Model.actor_id, "Who did it; null if not told.")
    actor_type: str | None = column(Model.actor_type, "What kind of actor that is.")
    created_at: datetime = column(Model.created_at, "When it happened.")


StateTransitionFilter = filter_type(StateTransition, Model)
StateTransitionOrder = order_type(StateTransition, "revision")
