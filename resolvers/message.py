"""Messages: their loaders, how they are recorded, and how they are deleted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select

from models import EventType, Memory, Message, MessageRole, Session, ToolCall, ToolCallStatus
from resolvers.confirmation import append_with_status, tell_of_pending
from resolvers.errors import Invalid
from resolvers.feed import Event, advance, append, completed
from resolvers.identifiers import encode, table_of
from resolvers.loaders import by_id, page_by_column
from resolvers.lookup import find, find_named
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


async def delete_message(recording: Recording, *, message: str) -> Answer:
    """Delete a message with the tool calls that it asked for and their confirmations.

    The session's counts go down with them; the message's sequence is not given out again.
    """
    found = await find(recording, Message, message, "message")
    # the session first, as everywhere, so that writers cannot deadlock; it keeps the message too
    await find(recording, Session, encode("session", found.session_id), "message", lock=True)
    found = await find(recording, Message, message, "message")
    own_id = encode("message", found.id)
    event = Event(
        EventType.MESSAGE_DELETED,
        (Message, found.id),
        event_data={"messageId": own_id, "sequence": found.sequence},
    )
    await _delete(recording, found.session_id, event, only=found.id)
    return {"deleted_message": own_id, "session": found.session_id}


async def delete_session_messages(recording: Recording, *, session: str) -> Answer:
    """Delete all messages of a session with all its tool calls and their confirmations."""
    locked = await find_named(recording, Session.session_id, session, "session", lock=True)
    if locked.message_count:
        event = Event(
            EventType.MESSAGES_DELETED,
            event_data={
                "messageCount": locked.message_count,
                "lastSequence": locked.message_sequence,
            },
        )
        await _delete(recording, locked.id, event)
    return {"deleted_message_count": locked.message_count, "session": locked.id}


async def _delete(
    recording: Recording, session_id: UUID, event: Event, *, only: UUID | None = None
) -> None:
    """Delete messages of a session whose row is locked: one, or all of them."""
    messages, calls = table_of(Message).c, table_of(ToolCall).c
    going = _within(recording, session_id, messages, messages.id, only)
    said = await recording.execute(
        select(
            func.count().label("message_count"),
            func.sum(messages.input_tokens).label("input_tokens"),
            func.sum(messages.output_tokens).label("output_tokens"),
            func.sum(messages.cost_usd).label("cost_usd"),
        ).where(*going)
    )
    failed = calls.status == ToolCallStatus.FAILED
    asked = await recording.execute(
        select(
            func.count().label("tool_call_count"),
            func.count().filter(failed).label("failed_tool_call_count"),
        ).where(*_within(recording, session_id, calls, calls.message_id, only))
    )
    gone = {**said.mappings().one(), **asked.mappings().one()}
    await _lock_linked(recording, session_id, only)
    await tell_of_pending(recording, [session_id])
    await recording.execute(delete(Message).where(*going))
    await append_with_status(
        recording,
        session_id,
        [event],
        counts={name: -count for name, count in gone.items() if count},
    )


async def _lock_linked(recording: Recording, session_id: UUID, only: UUID | None) -> None:
    """Lock what loses a link with the messages, in the order in which others lock it.

    That is the sessions that their tool calls started, then the memories drawn from them.
    """
    sessions, calls = table_of(Session).c, table_of(ToolCall).c
    memories, messages = table_of(Memory).c, table_of(Message).c
    started = select(calls.id).where(*_within(recording, session_id, calls, calls.message_id, only))
    drawn_from = select(messages.id).where(
        *_within(recording, session_id, messages, messages.id, only)
    )
    project_id = recording.project_id
    await recording.execute(
        select(sessions.id)
        .where(sessions.project_id == project_id, sessions.spawned_by_tool_call_id.in_(started))
        .order_by(sessions.depth, sessions.id)
        .with_for_update(key_share=True)
    )
    await recording.execute(
        select(memories.id)
        .where(memories.project_id == project_id, memories.source_message_id.in_(drawn_from))
        .order_by(memories.id)
        .with_for_update(key_share=True)
    )


def _within(
    recording: Recording,
    session_id: UUID,
    columns: Any,
    key: ColumnElement[UUID],
    only: UUID | None,
) -> list[ColumnElement[bool]]:
    conditions = [columns.project_id == recording.project_id, columns.session_id == session_id]
    return conditions if only is None else [*conditions, key == only]
