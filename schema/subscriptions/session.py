"""Subscriptions to the sessions of a project."""

from collections.abc import AsyncGenerator
from typing import Any

import strawberry

from resolvers.following.project_changes import SESSION_CHANGES, follow_changes
from resolvers.recording import Answer
from resolvers.session import SESSION
from resolvers.session_event import SESSION_EVENT
from schema.fields import Info, given, one, read_filter_argument, value
from schema.references import SessionEventLink, SessionLink
from schema.subscriptions.declaration import AfterPosition, following, shown_as


@strawberry.type(description="A session that appeared or changed.")
class SessionChange:
    """An event of a session, as a list of sessions sees it."""

    row: strawberry.Private[Answer]
    session: SessionLink = one(SESSION, "session", "The session, as it is by now.")
    session_event: SessionEventLink = one(
        SESSION_EVENT,
        "session_event",
        "What happened: `session.created`, `session.updated` or `session.status_changed`. Its "
        "`position` is where to go on from.",
    )
    matches: bool = value(
        "matches",
        "Whether the filter finds the session by now; false where it did until the status changed.",
    )


@strawberry.type
class SessionSubscription:
    """What follows sessions."""

    @following(
        shown_as(SessionChange),
        "Sessions of the project that appear, change their status, end or are updated.",
        filter_of="session",
    )
    async def sessions(
        self,
        info: Info,
        filter: Any = strawberry.UNSET,  # noqa: A002  the argument's name
        after: AfterPosition = strawberry.UNSET,
    ) -> AsyncGenerator[SessionChange, None]:
        """Follow."""
        wanted = read_filter_argument(SESSION_CHANGES.table, given(filter))
        changes: AsyncGenerator[Any, None] = await follow_changes(
            info.context, SESSION_CHANGES, wanted, given(after)
        )
        return changes
