"""Following the uses of a memory."""

from collections.abc import AsyncGenerator

from models import Memory
from resolvers.context import Context
from resolvers.following.feeds import ACCESS_FEED, follow_each, start_after
from resolvers.following.shared_reads import shared_reads
from resolvers.identifiers import decode_as, table_of
from resolvers.loaders import by_id
from resolvers.lookup import not_found
from resolvers.recording import Answer


async def follow_memory_accesses(
    context: Context, *, memory: str, after: int | None = None
) -> AsyncGenerator[Answer, None]:
    """Follow the uses of a memory. `after` is the sequence of the last one seen; new ones if None.

    Raises `Invalid` or `NotFound`.
    """
    found = await context.load(by_id(Memory), decode_as(table_of(Memory), memory, "memory"))
    if found is None:
        raise not_found(Memory, "memory")
    reads = shared_reads(context.engine)
    start = await start_after(reads, ACCESS_FEED, after, found.access_count)
    return follow_each(context, ACCESS_FEED, found.id, start, "memory_access")
