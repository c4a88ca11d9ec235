"""Memory relations: their loaders."""

from models import MemoryRelation
from resolvers.loaders import by_id, page_by_column

MEMORY_RELATION = by_id(MemoryRelation)
RELATIONS_BY_MEMORY = page_by_column(MemoryRelation.memory_id, "created_at", "id")
RELATIONS_TO_MEMORY = page_by_column(MemoryRelation.related_memory_id, "created_at", "id")
