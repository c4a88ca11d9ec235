"""Memory revisions: their loaders."""

from models import MemoryRevision
from resolvers.loaders import by_id, page_by_column

MEMORY_REVISION = by_id(MemoryRevision)
REVISIONS_BY_MEMORY = page_by_column(MemoryRevision.memory_id, "revision")
