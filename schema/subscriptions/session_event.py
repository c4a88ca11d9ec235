"""Subscriptions to the feeds of sessions."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any

import strawberry

from resolvers.following.session_event import follow_session_events
from resolvers.session_event import SESSION_EVENT
from schema.fields import Info, given
from schema.references import SessionEventLink
from schema.scalars import BigInt
from schema.subscriptions.declaration import following, shown_node


@strawberry.type
class SessionEventSubscription:
    """What follows session events."""

    @following(
        shown_node(SESSION_EVENT, "session_event"),
        "What is recorded in a session, in the order of its feed; ends when it is deleted.",
    )
    async def session_events(
        self,
        info: Info,
        *,
        session: Annotated[
            strawberry.ID, strawberry.argument(description="The session: its id or `sessionId`.")
        ],
        tree: Annotated[
            bool,
            strawberry.argument(
                description="Follow all sessions of the tree that the session belongs to, in the "
                "order of `position`."
            ),
        ] = False,
        after: Annotated[
            BigInt | None,
            strawberry.argument(
                description="The `sequence` of the last event seen, or its `position` in a tree; 0 "
                "for all: what came behind it is given first. Only new ones if left out."
            ),
        ] = strawberry.UNSET,
    ) -> AsyncGenerator[SessionEventLink, None]:
        """Follow."""
        events: AsyncGenerator[Any, None] = await follow_session_events(
            info.context, session=session, tree=tree, after=given(after)
        )
        return events
