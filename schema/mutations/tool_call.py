"""Mutations that record tool calls."""

from datetime import datetime

import strawberry

from models import ToolCallStatus
from resolvers.session import SESSION
from resolvers.tool_call import TOOL_CALL, record_tool_call_result
from schema.fields import one
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.session import Session
from schema.tool_call import ToolCall


@strawberry.input(description="What came of a tool call.")
class RecordToolCallResultInput(RecordingInput):
    """A result or an error."""

    tool_call: strawberry.ID = required(
        "The tool call: its id, or the runtime's `toolCallId` together with `session`; of several "
        "attempts the last one is meant."
    )
    session: strawberry.ID | None = optional(
        "The session: its id or `sessionId`. Needed if `toolCall` is a `toolCallId`."
    )
    status: ToolCallStatus = strawberry.field(
        default=ToolCallStatus.SUCCEEDED,
        description="RUNNING once it has begun, then SUCCEEDED, FAILED, DENIED or CANCELLED.",
    )
    result: JSON | None = optional("What the tool gave back.")
    error_type: str | None = optional("The kind of error (`error.type`), for FAILED.")
    error_message: str | None = optional("What went wrong, for FAILED.")
    started_at: datetime | None = optional("When it began.")
    ended_at: datetime | None = optional("When it ended; now if left out.")
    duration_ms: int | None = optional("Milliseconds it took; at least 0.")


@strawberry.type(description="The tool call whose result was recorded.")
class RecordToolCallResultPayload(Payload):
    """The answer of recordToolCallResult."""

    tool_call: ToolCall | None = one(TOOL_CALL, "tool_call", "The call; null if deleted since.")
    session: Session | None = one(SESSION, "session", "Its session; null if deleted since.")


@strawberry.type
class ToolCallMutation:
    """The mutations of tool calls."""

    record_tool_call_result: RecordToolCallResultPayload | None = mutation(
        record_tool_call_result,
        RecordToolCallResultInput,
        RecordToolCallResultPayload,
        "Record that a tool call began to run, or how it ended. The first end stays; the same "
        "again is harmless, another is CONFLICT.",
    )
