"""State transitions: their loaders."""

from models import StateTransition
from resolvers.loaders import by_id, page_by_column

STATE_TRANSITION = by_id(StateTransition)
TRANSITIONS_BY_MODULE_STATE = page_by_column(StateTransition.module_state_id, "revision")
