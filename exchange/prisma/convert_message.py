"""Messages, tool calls and confirmations of the storage adapter."""

from typing import Any

from exchange.prisma.converted import (
    Converted,
    metadata,
    name_or_none,
    need,
    required_time,
    without_metadata,
)
from exchange.prisma.source_values import SourceRow
from models import Confirmation, Message, MessageRole, ToolCall, ToolCallStatus

_ROLES = {role.value.lower(): role for role in MessageRole} | {
    "human": MessageRole.USER,
    "ai": MessageRole.ASSISTANT,
    "bot": MessageRole.ASSISTANT,
    "agent": MessageRole.ASSISTANT,
    "model": MessageRole.ASSISTANT,
    "function": MessageRole.TOOL,
}


def convert_message(row: SourceRow) -> Converted:
    """Convert a row of `Message`. A role that is not known is a USER's."""
    kept = metadata(row)
    word = str(need(row, "role"))
    role = _ROLES.get(word.strip().lower())
    if role is None:
        row.notes.append("role is a word that is not known; USER, and kept as metadata.role")
    role = role or MessageRole.USER
    if word.lower() != role.value.lower():
        kept["role"] = word
    values = {
        "role": role,
        "content": row.get("content"),
        "response_type": name_or_none(row, "responseType"),
        "created_at": required_time(row),
        "metadata": kept,
    }
    return Converted({Message: values}, session=need(row, "sessionId"), name=role)


def convert_tool_call(row: SourceRow) -> Converted:
    """Convert a row of `ToolCall`: its `id` is the call's own name.

    One without a result is PENDING; one whose result tells of an error, or of no success, FAILED.
    """
    without_metadata(row)
    result = row.document("result")
    made_at = required_time(row)
    error = row.get("error") or (result.get("error") if isinstance(result, dict) else None)
    success = row.get("success")
    if success is None and isinstance(result, dict) and isinstance(result.get("success"), bool):
        success = result["success"]
    values: dict[str, Any] = {
        "tool_call_id": row.id,
        "tool_name": need(row, "toolName"),
        "arguments": row.letters("arguments"),
        "result": row.letters("result"),
        "started_at": made_at,
        "status": ToolCallStatus.PENDING,
    }
    if success is False or (error and success is not True):
        values |= {"status": ToolCallStatus.FAILED, "ended_at": made_at}
        values["error_message"] = error if isinstance(error, str) and error else None
    elif result is not None or success is True:
        values |= {"status": ToolCallStatus.SUCCEEDED, "ended_at": made_at}
    duration = row.get("duration")
    if duration is not None and 0 <= duration < 2**31:
        values["duration_ms"] = round(duration)
    is_open = values["status"] == ToolCallStatus.PENDING
    return Converted(
        {ToolCall: values},
        owner=need(row, "messageId"),
        name=values["tool_name"],
        is_open=is_open,
    )


def convert_confirmation(row: SourceRow) -> Converted:
    """Convert a row of `PendingConfirmation`."""
    without_metadata(row)
    values = {
        "tool_name": need(row, "toolName"),
        "arguments": row.letters("arguments"),
        "user_message": row.get("userMessage"),
        "created_at": required_time(row),
    }
    return Converted(
        {Confirmation: values}, session=need(row, "sessionId"), name=values["tool_name"]
    )
