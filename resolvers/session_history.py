"""The last messages of a session, whole: no result without the call that asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Message, ToolCall
from resolvers.batch_loading import PROJECT, group, parents, read
from resolvers.errors import Invalid
from resolvers.identifiers import table_of
from resolvers.page import MAXIMUM_PAGE_SIZE

MAXIMUM_REACH = 100
"""Messages that a history reaches further back than asked, to keep a call with its result."""


@dataclass(frozen=True)
class SessionHistory:
    """Loads the last messages of sessions, by one statement. Raises `Invalid` for a bad size.

    A history begins early enough to hold the message that asked for each call whose result is in
    it. Where that one lies more than `MAXIMUM_REACH` messages before the last ones, the result is
    left out. A TOOL message that no earlier message asked for stays, as it cannot be torn apart.
    """

    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.last <= MAXIMUM_PAGE_SIZE:
            raise Invalid(f"`last` must be between 1 and {MAXIMUM_PAGE_SIZE}.", field="last")

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[list[Row[Any]]]:
        """Give the messages of each session, in order."""
        messages, calls = table_of(Message), table_of(ToolCall).c
        parent = parents()
        latest = (
            select(
                messages.c.id,
                messages.c.session_id,
                messages.c.sequence,
                messages.c.tool_call_id,
            )
            .where(messages.c.project_id == PROJECT, messages.c.session_id == parent.c.key)
            .order_by(messages.c.sequence.desc())
            .limit(self.last + MAXIMUM_REACH)
            .lateral("latest")
        )
        asking = messages.alias("asking")
        asked_at = (
            select(func.max(asking.c.sequence))
            .join(table_of(ToolCall), calls.message_id == asking.c.id)
            .where(
                asking.c.project_id == PROJECT,
                calls.project_id == PROJECT,
                calls.session_id == latest.c.session_id,
                calls.tool_call_id == latest.c.tool_call_id,
                asking.c.sequence < latest.c.sequence,
            )
            .scalar_subquery()
        )
        session = latest.c.session_id
        reached = (
            select(
                latest,
                asked_at.label("asked_at"),
                func.min(latest.c.sequence).over(partition_by=session).label("first"),
            )
            .select_from(parent.join(latest, true()))
            .cte("reached")
        )
        each, from_the_end = reached.c.session_id, reached.c.sequence.desc()
        whole = (
            select(
                reached,
                func.row_number().over(partition_by=each, order_by=from_the_end).label("place"),
                # of all that a message and those after it need, what lies furthest back
                func.min(reached.c.asked_at)
                .over(partition_by=each, order_by=from_the_end)
                .label("needed"),
            )
            .where(or_(reached.c.asked_at.is_(None), reached.c.asked_at >= reached.c.first))
            .cte("whole")
        )
        can_begin = (whole.c.place >= self.last) & (
            whole.c.needed.is_(None) | (whole.c.needed >= whole.c.sequence)
        )
        begin = (
            func.max(whole.c.sequence)
            .filter(can_begin)
            .over(partition_by=whole.c.session_id)
            .label("begin")
        )
        window = select(whole.c.id, whole.c.sequence, begin).subquery("window")
        statement = (
            select(messages)
            .join(window, window.c.id == messages.c.id)
            .where(
                messages.c.project_id == PROJECT,
                # a session shorter than `last` is given whole
                window.c.sequence >= func.coalesce(window.c.begin, 0),
            )
            .order_by(messages.c.sequence)
        )
        found = await read(connection, statement, project_id, keys)
        return group(found, keys, attrgetter("session_id"))
