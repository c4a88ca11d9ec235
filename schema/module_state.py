"""Module states in the graph."""

from datetime import datetime

import strawberry

from models import ModuleState as Model
from resolvers.module_state import MODULE_STATE, MODULE_STATES
from resolvers.session import SESSION
from resolvers.state_snapshot import SNAPSHOTS_BY_MODULE_STATE
from resolvers.state_transition import TRANSITIONS_BY_MODULE_STATE
from schema.connection import Connection
from schema.fields import column, computed, find, loaded, one, page
from schema.filters import filter_type
from schema.module_state_history import ModuleStateAsOf, show_past_state, state_as_of
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink, StateSnapshotLink, StateTransitionLink
from schema.scalars import JSON


@node_type(Model, "The current state of one module in a session, with its history.")
class ModuleState(Node):
    """A document with a revision."""

    session: SessionLink = one(SESSION, Model.session_id, "The session it belongs to.")
    module_id: str = column(Model.module_id, "The module, by a name unique in the session.")
    state_type: str | None = column(Model.state_type, "The runtime's kind of state.")
    version: str | None = column(Model.version, "The version of the document's form.")
    state: JSON = column(Model.state, "The document as it is now.")
    state_hash: str = computed(
        Model.state_hash,
        function=bytes.hex,
        description="SHA-256 of the document as compact JSON with sorted keys, in hexadecimal.",
    )
    revision: int = column(Model.revision, "Counts the changes: 1, 2, 3 …; for `expectedRevision`.")
    expires_at: datetime | None = column(
        Model.expires_at,
        "When the state expires: within a few seconds after, it is deleted, with its transitions "
        "and snapshots. Null for never.",
    )
    created_at: datetime = column(Model.created_at, "When revision 1 was recorded.")
    updated_at: datetime = column(Model.updated_at, "When the latest revision was recorded.")
    as_of: ModuleStateAsOf | None = loaded(
        state_as_of,
        Model.id,
        "The document as it was at a revision or at a time, of which one must be given, replayed "
        "from the transitions; null if there was none then, or not yet that revision.",
        show=show_past_state,
    )
    transitions: Connection[StateTransitionLink] = page(
        TRANSITIONS_BY_MODULE_STATE, Model.id, "One entry for each revision, in order."
    )
    snapshots: Connection[StateSnapshotLink] = page(
        SNAPSHOTS_BY_MODULE_STATE, Model.id, "Copies kept for a reason, in order of revision."
    )


ModuleStateFilter = filter_type(ModuleState, Model)
ModuleStateOrder = order_type(ModuleState, "created_at", "updated_at")


@strawberry.type
class ModuleStateQuery:
    """The roots of the graph that lead to module states."""

    module_state: ModuleState | None = find(
        MODULE_STATE, None, "One module state by its id; null if there is none."
    )
    module_states: Connection[ModuleState] = page(
        MODULE_STATES, None, "All module states of the project, newest first."
    )
