"""How sessions are deleted, with everything recorded in them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select

from models import Memory, Message, Session
from resolvers.confirmation import tell_of_pending
from resolvers.identifiers import encode, table_of
from resolvers.lookup import find_named, not_found
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording


async def delete_session(recording: Recording, *, session: str) -> Answer:
    """Delete a session with all sessions below it and everything recorded in them."""
    top = await find_named(recording, Session.session_id, session, "session")
    locked = await lock_trees(recording, [top.id])
    if not locked:
        raise not_found(Session, "session")
    await delete_locked(recording, locked)
    return {"deleted_session": encode("session", top.id), "deleted_session_count": len(locked)}


async def delete_locked(recording: Recording, locked: Sequence[UUID]) -> None:
    """Delete the sessions that `lock_trees` gave, and tell who follows them or waits in them."""
    await tell_of_pending(recording, locked)
    columns = table_of(Session).c
    within = any_of(locked)
    await recording.execute(
        delete(Session).where(columns.project_id == recording.project_id, columns.id == within)
    )
    recording.topics += locked


async def lock_trees(recording: Recording, top_ids: Sequence[UUID]) -> Sequence[UUID]:
    """Lock what the deletion of some sessions changes, in the order in which others lock it.

    That is the sessions and all below them, from the top down, whose UUIDs it gives; then the
    memories that hang on them.
    """
    sessions = table_of(Session).c
    tops = sessions.id == any_of(top_ids)
    found = await recording.execute(
        select(sessions.id)
        .where(with_all_below(recording.project_id, tops))
        .order_by(sessions.depth, sessions.id)
        .with_for_update()
    )
    locked = list(found.scalars())
    await lock_linked_memories(recording, locked)
    return locked


def with_all_below(project_id: int, tops: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a session of a project is one that a condition finds, or stands below one."""
    sessions = table_of(Session).c
    below = (
        select(sessions.id)
        .where(sessions.project_id == project_id, tops)
        .cte("below", recursive=True)
    )
    children = sessions.project_id == project_id, sessions.parent_id == below.c.id
    # one of them may stand below another: then it is found twice
    below = below.union(select(sessions.id).where(*children))
    return and_(sessions.project_id == project_id, sessions.id.in_(select(below.c.id)))


async def lock_linked_memories(recording: Recording, session_ids: Sequence[UUID]) -> None:
    """Lock the memories that were made in sessions or drawn from their messages.

    They lose the link when the sessions, which are locked by then, are deleted.
    """
    project_id = recording.project_id
    memories, messages = (table_of(model).c for model in (Memory, Message))
    within = any_of(session_ids)
    made = select(memories.id).where(
        memories.project_id == project_id, memories.session_id == within
    )
    drawn = (
        select(memories.id)
        .join(
            Message,
            and_(
                messages.project_id == memories.project_id,
                messages.id == memories.source_message_id,
            ),
        )
        .where(memories.project_id == project_id, messages.session_id == within)
    )
    await recording.execute(
        select(memories.id)
        .where(memories.project_id == project_id, memories.id.in_(made.union(drawn)))
        .order_by(memories.id)
        .with_for_update(key_share=True)
    )
