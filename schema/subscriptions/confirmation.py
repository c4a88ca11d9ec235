"""Subscriptions to confirmations."""

from collections.abc import AsyncGenerator
from typing import Any

import strawberry

from resolvers.confirmation import CONFIRMATION
from resolvers.following.confirmation import follow_confirmation
from resolvers.following.project_changes import CONFIRMATION_CHANGES, follow_changes
from resolvers.recording import Answer
from resolvers.session_event import SESSION_EVENT
from schema.fields import Id, Info, given, one, read_filter_argument, value
from schema.references import ConfirmationLink, SessionEventLink
from schema.subscriptions.declaration import AfterPosition, following, shown_as, shown_node


@strawberry.type(description="A confirmation that was requested or has ended.")
class ConfirmationChange:
    """An event of a confirmation, as a list of confirmations sees it."""

    row: strawberry.Private[Answer]
    confirmation: ConfirmationLink = one(
        CONFIRMATION, "confirmation", "The confirmation, as it is by now."
    )
    session_event: SessionEventLink = one(
        SESSION_EVENT,
        "session_event",
        "What happened: `confirmation.requested` or `confirmation.decided`. Its `position` is "
        "where to go on from.",
    )
    matches: bool = value(
        "matches",
        "Whether the filter finds it by now; false where it did until it was decided.",
    )


@strawberry.type
class ConfirmationSubscription:
    """What follows confirmations."""

    @following(
        shown_node(CONFIRMATION, "confirmation"),
        "One confirmation, at once and whenever it changes; ends when it is decided, in any way.",
    )
    async def confirmation(
        self,
        info: Info,
        id: Id,  # noqa: A002
    ) -> AsyncGenerator[ConfirmationLink, None]:
        """Follow."""
        states: AsyncGenerator[Any, None] = await follow_confirmation(info.context, confirmation=id)
        return states

    @following(
        shown_as(ConfirmationChange),
        "Confirmations of the project that are requested, decided, withdrawn or run out of time.",
        filter_of="confirmation",
    )
    async def confirmations(
        self,
        info: Info,
        filter: Any = strawberry.UNSET,  # noqa: A002  the argument's name
        after: AfterPosition = strawberry.UNSET,
    ) -> AsyncGenerator[ConfirmationChange, None]:
        """Follow."""
        wanted = read_filter_argument(CONFIRMATION_CHANGES.table, given(filter))
        changes: AsyncGenerator[Any, None] = await follow_changes(
            info.context, CONFIRMATION_CHANGES, wanted, given(after)
        )
        return changes
