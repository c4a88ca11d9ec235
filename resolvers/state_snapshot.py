"""State snapshots: their loaders."""

from models import StateSnapshot
from resolvers.loaders import by_id, page_by_column

STATE_SNAPSHOT = by_id(StateSnapshot)
SNAPSHOTS_BY_MODULE_STATE = page_by_column(StateSnapshot.module_state_id, "revision", "id")
