"""Which session of the sample history a newcomer is shown first."""

from sqlalchemy import cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from models import Session, SessionStatus
from models.base import JSONB
from resolvers.identifiers import table_of


async def find_shown_session(engine: AsyncEngine, project_id: int) -> str | None:
    """Find the root of a sample tree by its `sessionId`; None if all of them are deleted.

    One that waits for a person and has sessions below it, else that of the most sessions.
    """
    root, member = table_of(Session).alias("root"), table_of(Session)
    sessions = func.count()
    waits = (root.c.status == SessionStatus.WAITING) & (sessions > 1)
    statement = (
        select(root.c.session_id)
        .join(member, (member.c.project_id == project_id) & (member.c.root_id == root.c.id))
        .where(
            root.c.project_id == project_id,
            root.c.depth == 0,
            root.c.metadata.contains(cast({"sample": True}, JSONB)),
            root.c.session_id.is_not(None),
        )
        .group_by(root.c.project_id, root.c.id)
        .order_by(waits.desc(), sessions.desc(), root.c.id)
        .limit(1)
    )
    async with engine.connect() as connection:
        found: str | None = await connection.scalar(statement)
    return found
