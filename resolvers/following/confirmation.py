"""Following one confirmation until it is decided."""

from collections.abc import AsyncGenerator
from functools import partial

from models import Confirmation, ConfirmationStatus
from resolvers.confirmation import CONFIRMATION
from resolvers.context import Context
from resolvers.following.feeds import patiently
from resolvers.following.shared_reads import shared_reads
from resolvers.identifiers import decode_as, table_of
from resolvers.lookup import not_found
from resolvers.recording import Answer


async def follow_confirmation(
    context: Context, *, confirmation: str
) -> AsyncGenerator[Answer, None]:
    """Give a confirmation, then again whenever it changes, until it is decided or deleted.

    Raises `Invalid` or `NotFound`.
    """
    own_id = decode_as(table_of(Confirmation), confirmation, "id")
    read = partial(shared_reads(context.engine).load, context.project_id, CONFIRMATION, own_id)
    if await read() is None:
        raise not_found(Confirmation, "id")

    async def states() -> AsyncGenerator[Answer, None]:
        told = None
        with context.changes.follow(own_id) as follower:
            while True:
                row = await patiently(read)
                if row is None:
                    return
                if row.updated_at != told:
                    told = row.updated_at
                    yield {"confirmation": own_id}
                if row.status != ConfirmationStatus.PENDING:
                    return
                await follower.wait()

    return states()
