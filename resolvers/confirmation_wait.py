"""Waiting until a confirmation is decided."""

from asyncio import get_running_loop
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Confirmation, ConfirmationStatus
from resolvers.batch_loading import PROJECT, read
from resolvers.context import Context
from resolvers.errors import Invalid
from resolvers.identifiers import decode_as, table_of

MAXIMUM_SECONDS = 50
"""The longest wait: a request may take a minute with all that comes after it."""

_TABLE = table_of(Confirmation)
_PENDING = select(_TABLE.c.id).where(
    _TABLE.c.project_id == PROJECT,
    _TABLE.c.id == any_(bindparam("keys", type_=ARRAY(Uuid))),
    _TABLE.c.status == ConfirmationStatus.PENDING,
)


@dataclass(frozen=True)
class PendingConfirmation:
    """Loads whether a confirmation is there and pending."""

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[bool]:
        """Tell of each key, in the keys' order."""
        pending = {row.id for row in await read(connection, _PENDING, project_id, keys)}
        return [key in pending for key in keys]


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
    with context.changes.follow(key) as follower:
        while ends > loop.time() and await context.load_now(PendingConfirmation(), key):
            await follower.wait(max(ends - loop.time(), 0))
