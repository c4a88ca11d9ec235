"""The integrity of a session in the graph."""

from typing import Any
from uuid import UUID

import strawberry

from models import Message, ToolCall
from resolvers.identifiers import table_of
from resolvers.session_integrity import (
    MAXIMUM_FAULTS,
    CallsWithoutResult,
    Faults,
    ResultsWithoutCall,
)
from schema.fields import NODE_TYPES, Info
from schema.method import method
from schema.references import MessageLink, ToolCallLink


def _size(_: Any) -> int:
    return MAXIMUM_FAULTS


@strawberry.type(
    description="What does not fit together in a session's own records; empty lists are a whole "
    "session."
)
class SessionIntegrity:
    """Faults, each loaded when it is asked for."""

    session: strawberry.Private[UUID]

    async def _calls(self, info: Info) -> Faults:
        return await info.context.load(CallsWithoutResult(), self.session)

    async def _results(self, info: Info) -> Faults:
        return await info.context.load(ResultsWithoutCall(), self.session)

    @method(
        "The first 200 tool calls that the session went on without, oldest first: PENDING, "
        "AWAITING_CONFIRMATION or RUNNING, with no TOOL message that answers them, though the "
        "session has ended or a USER or ASSISTANT message came after the one that asked.",
        size=_size,
    )
    async def calls_without_result(self, info: Info) -> list[ToolCallLink]:
        """Give the calls."""
        node = NODE_TYPES[table_of(ToolCall)]
        return [node(row=row) for row in (await self._calls(info)).rows]

    @method("How many there are of `callsWithoutResult`.")
    async def calls_without_result_count(self, info: Info) -> int:
        """Count the calls."""
        return (await self._calls(info)).count

    @method(
        "The first 200 TOOL messages, in order, that answer no tool call: they name none, or one "
        "that no earlier message of the session asked for.",
        size=_size,
    )
    async def results_without_call(self, info: Info) -> list[MessageLink]:
        """Give the messages."""
        node = NODE_TYPES[table_of(Message)]
        return [node(row=row) for row in (await self._results(info)).rows]

    @method("How many there are of `resultsWithoutCall`.")
    async def results_without_call_count(self, info: Info) -> int:
        """Count the messages."""
        return (await self._results(info)).count


def session_integrity(session: UUID) -> SessionIntegrity:
    """Give the integrity of a session; nothing is read yet."""
    return SessionIntegrity(session=session)
