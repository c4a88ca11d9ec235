"""Messages: their loaders, and how they are recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from models import Message, MessageRole, ToolCall, ToolCallStatus
from resolvers.errors import Invalid
from resolvers.feed import Event, EventType, advance, append, completed
from resolvers.loaders import by_id, page_by_column
from resolvers.recording import Answer, Recording
from resolvers.tool_call import ENDED, answer_tool_call, has_ended, insert_tool_calls

MESSAGE = by_id(Message)
MESSAGES_BY_SESSION = page_by_column(Message.session_id, "sequence")


async def record_message(
    recording: Recording,
    *,
    session: str,
    role: MessageRole,
    tool_calls: Sequence[dict[str, Any]] | None = None,
    tool_call_id: str | None = None,
    created_at: datetime | None = None,
    **values: Any,
) -> Answer:
    """Append a message to a session, with the tool calls that it asks for.

    A TOOL message with a `tool_call_id` also completes that call: its content becomes the result,
    unless the call has one. Tool calls are dicts of columns of `ToolCall`, values are columns of
    `Message`. Raises `Invalid` or `NotFound`.
    """
    tool_calls = tool_calls or ()
    if tool_calls and role != MessageRole.ASSISTANT:
        raise Invalid("Only an ASSISTANT message asks for tool calls.", field="toolCalls")
    if tool_call_id is not None and role != MessageRole.TOOL:
        raise Invalid("Only a TOOL message answers a call.", field="toolCallId")
    failed = sum(call.get("status") == ToolCallStatus.FAILED for call in tool_calls)
    locked = await advance(
        recording,
        session,
        events=1 + len(tool_calls) + sum(map(has_ended, tool_calls)),
        at=created_at,
        counts={
            "message_sequence": 1,
            "message_count": 1,
            "tool_call_count": len(tool_calls),
            "failed_tool_call_count": failed,
            "input_tokens": values.get("input_tokens"),
            "output_tokens": values.get("output_tokens"),
            "cost_usd": values.get("cost_usd"),
        },
    )
    message = await recording.insert(
        Message,
        session_id=locked.id,
        sequence=locked.message_sequence,
        role=role,
        tool_call_id=tool_call_id,
        created_at=created_at,
        **values,
    )
    calls = await insert_tool_calls(recording, message, tool_calls)
    events = [Event(EventType.MESSAGE_RECORDED, (Message, message.id), occurred_at=created_at)]
    for call in calls:
        events.append(
            Event(EventType.TOOL_CALL_RECORDED, (ToolCall, call.id), occurred_at=created_at)
        )
        if call.status in ENDED:
            events.append(
                completed(call.id, call.status, duration_ms=call.duration_ms, at=call.ended_at)
            )
    await append(recording, locked, events)
    if tool_call_id is not None:
        await answer_tool_call(recording, message)
    return {
        "message": message.id,
        "tool_calls": [call.id for call in calls],
        "session": locked.id,
    }
