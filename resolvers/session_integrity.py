"""What does not fit together in a session: calls without a result, results without a call."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, any_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Message, MessageRole, Session, ToolCall
from resolvers.batch_loading import KEYS, PROJECT, group, read
from resolvers.identifiers import table_of
from resolvers.tool_call import ENDED

MAXIMUM_FAULTS = 200

_GOES_ON = (MessageRole.USER, MessageRole.ASSISTANT)


@dataclass(frozen=True)
class Faults:
    """The first `MAXIMUM_FAULTS` rows at fault in a session, oldest first, and how many in all."""

    rows: Sequence[Row[Any]] = ()
    count: int = 0


@dataclass(frozen=True)
class CallsWithoutResult:
    """Loads the tool calls that sessions have gone on without.

    Such a call has neither ended nor a TOOL message that answers it, though its session has ended
    or a USER or ASSISTANT message came after the one that asked for it.
    """

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[Faults]:
        """Give the calls of each session."""
        calls, sessions = table_of(ToolCall).c, table_of(Session).c
        asking, later = table_of(Message).alias("asking"), table_of(Message).alias("later")
        gone_on = exists().where(
            later.c.project_id == PROJECT,
            later.c.session_id == calls.session_id,
            later.c.sequence > asking.c.sequence,
            later.c.role.in_(_GOES_ON),
        )
        statement = (
            select(table_of(ToolCall), *_counted(calls.session_id, calls.created_at, calls.id))
            .join(table_of(Session), sessions.id == calls.session_id)
            .join(asking, asking.c.id == calls.message_id)
            .where(
                calls.project_id == PROJECT,
                sessions.project_id == PROJECT,
                asking.c.project_id == PROJECT,
                calls.session_id == any_(KEYS),
                calls.status.not_in(ENDED),
                calls.result_message_id.is_(None),
                or_(sessions.ended_at.is_not(None), gone_on),
            )
        )
        return await _faults(connection, statement, project_id, keys)


@dataclass(frozen=True)
class ResultsWithoutCall:
    """Loads the TOOL messages that answer no call which an earlier message asked for."""

    async def fetch(
        self, connection: AsyncConnection, project_id: int, keys: Sequence[UUID]
    ) -> list[Faults]:
        """Give the messages of each session."""
        messages, calls = table_of(Message).c, table_of(ToolCall).c
        asking = table_of(Message).alias("asking")
        asked_for = (
            exists()
            .where(
                calls.project_id == PROJECT,
                calls.session_id == messages.session_id,
                calls.tool_call_id == messages.tool_call_id,
                asking.c.project_id == PROJECT,
                asking.c.id == calls.message_id,
                asking.c.sequence < messages.sequence,
            )
            .correlate(table_of(Message))
        )
        statement = select(
            table_of(Message), *_counted(messages.session_id, messages.sequence)
        ).where(
            messages.project_id == PROJECT,
            messages.session_id == any_(KEYS),
            messages.role == MessageRole.TOOL,
            ~asked_for,
        )
        return await _faults(connection, statement, project_id, keys)


def _counted(parent: Any, *order: Any) -> tuple[Any, Any]:
    place = func.row_number().over(partition_by=parent, order_by=order)
    return place.label("place"), func.count().over(partition_by=parent).label("of")


async def _faults(
    connection: AsyncConnection, statement: Select[Any], project_id: int, keys: Sequence[UUID]
) -> list[Faults]:
    found = statement.subquery("found")
    first = select(found).where(found.c.place <= MAXIMUM_FAULTS).order_by(found.c.place)
    rows_at_fault = await read(connection, first, project_id, keys)
    groups = group(rows_at_fault, keys, attrgetter("session_id"))
    return [Faults(rows, rows[0].of) if rows else Faults() for rows in groups]
