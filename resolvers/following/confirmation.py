"""Following one confirmation until it is decided, or waiting until then."""

from asyncio import get_running_loop
from collections.abc import AsyncGenerator
from functools import partial

from models import Confirmation, ConfirmationStatus
from resolvers.confirmation import CONFIRMATION
from resolvers.context import Context
from resolvers.errors import Invalid
from resolvers.filters import Condition, FilterColumn
from resolvers.following.feeds import patiently
from resolvers.following.matching import Matching
from resolvers.following.shared_reads import shared_reads
from resolvers.identifiers import decode_as, table_of
from resolvers.lookup import not_found
from resolvers.recording import Answer

MAXIMUM_SECONDS = 50
"""The longest wait: a request may take a minute with all that comes after it."""

_TABLE = table_of(Confirmation)
_PENDING = Matching(
    _TABLE, Condition(FilterColumn("status"), "eq", str(ConfirmationStatus.PENDING))
)


async def follow_confirmation(
    context: Context, *, confirmation: str
) -> AsyncGenerator[Answer, None]:
    """Give a confirmation, then again whenever it changes, until it is decided or deleted.

    Raises `Invalid` or `NotFound`.
    """
    own_id = decode_as(_TABLE, confirmation, "id")
    load = partial(shared_reads(context.engine).load, context.project_id, CONFIRMATION, own_id)
    if await load() is None:
        raise not_found(Confirmation, "id")

    async def states() -> AsyncGenerator[Answer, None]:
        told = None
        with context.changes.follow(own_id) as follower:
            while True:
                row = await patiently(load)
                if row is None:
                    return
                if row.updated_at != told:
                    told = row.updated_at
                    yield {"confirmation": own_id}
                if row.status != ConfirmationStatus.PENDING:
                    return
                await follower.wait()

    return states()


def check_seconds(seconds: int) -> None:
    """Raise `Invalid` for a time that nobody can wait."""
    if not 0 <= seconds <= MAXIMUM_SECONDS:
        raise Invalid(
            f"Wait for 0 to {MAXIMUM_SECONDS} seconds; if it is PENDING by then, ask again.",
            field="timeoutSeconds",
        )


async def wait_for_decision(context: Context, confirmation: str, seconds: int) -> None:
    """Wait until a confirmation is not pending, or is not there, or the time is up.

    Holds no connection to the database meanwhile. Raises `Invalid`.
    """
    check_seconds(seconds)
    key = decode_as(_TABLE, confirmation, "id")
    loop = get_running_loop()
    ends = loop.time() + seconds
    is_pending = partial(shared_reads(context.engine).load, context.project_id, _PENDING, key)
    with context.changes.follow(key) as follower:
        while ends > loop.time() and await is_pending():
            await follower.wait(max(ends - loop.time(), 0))
