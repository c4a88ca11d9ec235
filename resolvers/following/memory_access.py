"""Following the uses of a memory."""

from collections.abc import AsyncGenerator

from models import Memory
from resolvers.context import Context
from resolvers.following.feeds import ACCESS_FEED, follow_each, start_after
from resolvers.following.owners import load_owner
from resolvers.following.shared_reads import shared_reads
from resolvers.recording import Answer


async def follow_memory_accesses(
    context: Context, *, memory: str, after: int | None = None
) -> AsyncGenerator[Answer, None]:
    """Follow the uses of a memory. `after` is the sequence of the last one seen; new ones if None.

    Raises `Invalid` or `NotFound`.
    """
    found = await load_owner(context, Memory.memory_id, memory, "memory")
    reads = shared_reads(context.engine)
    start = await start_after(reads, ACCESS_FEED, after, found.access_count)
    return follow_each(context, ACCESS_FEED, found.id, start, "memory_access")
