"""Tool calls in the graph."""

from datetime import datetime

import strawberry

from models import ToolCall as Model
from models import ToolCallStatus
from resolvers.confirmation import CONFIRMATION_BY_TOOL_CALL
from resolvers.message import MESSAGE
from resolvers.session import SESSION
from resolvers.tool_call import TOOL_CALL, TOOL_CALLS
from schema.connection import Connection
from schema.enums import describe
from schema.fields import column, computed, find, one, page
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import ConfirmationLink, MessageLink, SessionLink
from schema.scalars import JSON

describe(
    ToolCallStatus,
    "Where a tool call stands.",
    PENDING="Asked for, not begun.",
    AWAITING_CONFIRMATION="A person has to decide first.",
    RUNNING="Begun.",
    SUCCEEDED="Gave its result.",
    FAILED="Gave an error.",
    DENIED="A person decided against it.",
    CANCELLED="Given up.",
)


def _success(status: str) -> bool | None:
    return {
        ToolCallStatus.SUCCEEDED: True,
        ToolCallStatus.FAILED: False,
        ToolCallStatus.DENIED: False,
    }.get(ToolCallStatus(status))


@node_type(Model, "A tool call that an assistant message asked for, and what came of it.")
class ToolCall(Node):
    """A tool call with its arguments and result."""

    session: SessionLink = one(SESSION, Model.session_id, "The session it was made in.")
    message: MessageLink = one(MESSAGE, Model.message_id, "The message that asked for it.")
    result_message: MessageLink | None = one(
        MESSAGE, Model.result_message_id, "The TOOL message that answered it; null if none did."
    )
    index: int = column(Model.index, "Its place among the calls of the message: 0, 1, 2 …")
    tool_call_id: str | None = column(
        Model.tool_call_id,
        "The runtime's own id (`gen_ai.tool.call.id`); null if it gave none.",
    )
    attempt: int = column(
        Model.attempt,
        "1, or more where the same `toolCallId` was used again in the session.",
    )
    tool_name: str = column(Model.tool_name, "The tool (`gen_ai.tool.name`).")
    tool_type: str | None = column(
        Model.tool_type, "The tool's kind, such as `function` (`gen_ai.tool.type`)."
    )
    arguments: JSON | None = column(
        Model.arguments, "What the tool was called with, to the letter."
    )
    result: JSON | None = column(
        Model.result, "What the tool gave back, to the letter; null until it did."
    )
    status: ToolCallStatus = column(Model.status, "Where the call stands.")
    success: bool | None = computed(
        Model.status,
        function=_success,
        description="True if SUCCEEDED, false if FAILED or DENIED, null otherwise.",
    )
    error_type: str | None = column(
        Model.error_type, "The kind of error (`error.type`), for FAILED; else null."
    )
    error_message: str | None = column(Model.error_message, "What went wrong; null if nothing.")
    child_session: SessionLink | None = one(
        SESSION, Model.child_session_id, "The session that the call started; null if none."
    )
    confirmation: ConfirmationLink | None = one(
        CONFIRMATION_BY_TOOL_CALL, Model.id, "The question put to a person; null if none was."
    )
    started_at: datetime | None = column(Model.started_at, "When it began; null if not told.")
    ended_at: datetime | None = column(Model.ended_at, "When it ended; null until then.")
    duration_ms: int | None = column(Model.duration_ms, "Milliseconds it took; null if not told.")
    created_at: datetime = column(Model.created_at, "When it was asked for.")
    updated_at: datetime = column(Model.updated_at, "When the record was last changed.")


ToolCallFilter = filter_type(ToolCall, Model)
ToolCallOrder = order_type(ToolCall, "created_at", "duration_ms")


@strawberry.type
class ToolCallQuery:
    """The roots of the graph that lead to tool calls."""

    tool_call: ToolCall | None = find(
        TOOL_CALL, None, "One tool call by its id; null if there is none."
    )
    tool_calls: Connection[ToolCall] = page(
        TOOL_CALLS, None, "All tool calls of the project, newest first."
    )
