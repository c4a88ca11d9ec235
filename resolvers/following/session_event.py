"""Following the feed of a session, or that of its tree."""

from collections.abc import AsyncGenerator

from models import Session
from resolvers.context import Context
from resolvers.following.feeds import SESSION_FEED, TREE_FEED, follow_each, start_after
from resolvers.following.owners import load_owner
from resolvers.following.shared_reads import shared_reads
from resolvers.recording import Answer


async def follow_session_events(
    context: Context, *, session: str, tree: bool = False, after: int | None = None
) -> AsyncGenerator[Answer, None]:
    """Follow a session's feed, or that of the whole tree it belongs to.

    `after` is the sequence of the last event seen, in a tree its position; new ones only if None.
    Raises `Invalid` or `NotFound`.
    """
    found = await load_owner(context, Session.session_id, session, "session")
    feed, owner, reached = SESSION_FEED, found.id, found.event_sequence
    if tree:
        feed, owner, reached = TREE_FEED, found.root_id, None
    start = await start_after(shared_reads(context.engine), feed, after, reached)
    return follow_each(context, feed, owner, start, "session_event")
