"""Tool calls: their loaders, and how they are recorded."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from orjson import loads
from sqlalchemy import Row

from models import ToolCall, ToolCallStatus
from resolvers.confirmation import append_with_status, cancel_confirmations
from resolvers.errors import Conflict, Invalid
from resolvers.feed import advance, append, completed
from resolvers.identifiers import encode
from resolvers.loaders import by_id, page_by_column, page_of_project
from resolvers.lookup import check_own_name, find, find_tool_call, lock_session
from resolvers.recording import Answer, Recording
from resolvers.validation import check_order, check_size

TOOL_CALL = by_id(ToolCall)
TOOL_CALLS = page_of_project(ToolCall)
TOOL_CALLS_BY_MESSAGE = page_by_column(ToolCall.message_id, "index")
TOOL_CALLS_BY_SESSION = page_by_column(ToolCall.session_id, "created_at", "id")

ENDED = frozenset(
    {
        ToolCallStatus.SUCCEEDED,
        ToolCallStatus.FAILED,
        ToolCallStatus.DENIED,
        ToolCallStatus.CANCELLED,
    }
)
_RESULTS = ENDED | {ToolCallStatus.RUNNING}


def has_ended(call: dict[str, Any]) -> bool:
    """Whether a call that is recorded has an end already."""
    return call.get("status") in ENDED


async def insert_tool_calls(
    recording: Recording, message: Row[Any], calls: Sequence[dict[str, Any]]
) -> Sequence[Row[Any]]:
    """Insert a message's tool calls. A `tool_call_id` used before in the session is a new attempt.

    The session's row is locked by then, so attempts are counted safely.
    """
    if not calls:
        return []
    check_size(calls, "toolCalls")
    attempts = await _attempts(recording, message.session_id, calls)
    rows = []
    for index, call in enumerate(calls):
        if call.get("status") == ToolCallStatus.AWAITING_CONFIRMATION:
            raise Invalid(
                "Record the call as PENDING, then request its confirmation.",
                field=f"toolCalls.{index}.status",
            )
        _check_end(call, f"toolCalls.{index}.endedAt")
        own_id = call.get("tool_call_id")
        if own_id is not None:
            attempts[own_id] += 1
        rows.append(
            {
                **call,
                "session_id": message.session_id,
                "message_id": message.id,
                "index": index,
                "attempt": attempts[own_id] if own_id is not None else 1,
                "created_at": message.created_at,
                "ended_at": _end(recording, call, message),
            }
        )
    return await recording.insert_many(ToolCall, rows, "toolCalls")


def _check_end(call: dict[str, Any], field: str) -> None:
    if call.get("ended_at") is None:
        return
    if not has_ended(call):
        raise Invalid("Only a call that has ended has an end; give its status.", field=field)
    check_order(call.get("started_at"), call["ended_at"], field)


def _end(recording: Recording, call: dict[str, Any], message: Row[Any]) -> Any:
    """Give the end of a call that is recorded; if it has ended, at the latest time that is told."""
    if call.get("ended_at") is not None or not has_ended(call):
        return call.get("ended_at")
    return recording.not_before(call.get("started_at"), message.created_at)


async def _attempts(
    recording: Recording, session_id: UUID, calls: Sequence[dict[str, Any]]
) -> Counter[str]:
    own_ids = []
    for index, call in enumerate(calls):
        if call.get("tool_call_id") is not None:
            check_own_name(call["tool_call_id"], f"toolCalls.{index}.toolCallId")
            own_ids.append(call["tool_call_id"])
    if not own_ids:
        return Counter()
    last = await recording.last_attempts(session_id, own_ids)
    return Counter({own_id: call.attempt for own_id, call in last.items()})


async def answer_tool_call(recording: Recording, message: Row[Any]) -> None:
    """Let a TOOL message answer the call that it names, if the call is there and has no answer."""
    last = await recording.last_attempts(message.session_id, [message.tool_call_id])
    call = last.get(message.tool_call_id)
    if call is None or call.result_message_id is not None:
        return
    if call.status in ENDED:
        await recording.change(ToolCall, call.id, result_message_id=message.id)
        return
    await _complete(
        recording,
        call,
        status=ToolCallStatus.SUCCEEDED,
        result=message.content,
        result_message_id=message.id,
        ended_at=message.created_at,
    )


async def record_tool_call_result(
    recording: Recording,
    *,
    tool_call: str,
    session: str | None = None,
    status: ToolCallStatus = ToolCallStatus.SUCCEEDED,
    **values: Any,
) -> Answer:
    """Record that a tool call began to run, or how it ended. Values are columns of `ToolCall`.

    A result stays: recording the same again changes nothing, another raises `Conflict`. A call
    that ends without running cancels its confirmation.
    """
    if status not in _RESULTS:
        raise Invalid("Give RUNNING, SUCCEEDED, FAILED, DENIED or CANCELLED.", field="status")
    # null is as good as left out: it must not take back what was told before
    values = {name: value for name, value in values.items() if value is not None}
    _check_end({**values, "status": status}, "endedAt")
    found = await find_tool_call(recording, tool_call, session, "toolCall")
    await lock_session(recording, found.session_id, session)
    call = await find(recording, ToolCall, encode("tool_call", found.id), "toolCall", lock=True)
    if call.status in ENDED:
        _check_same_result(call, status, values)
    else:
        await _complete(recording, call, status=status, **values)
    return {"tool_call": call.id, "session": call.session_id}


def _check_same_result(call: Row[Any], status: ToolCallStatus, values: dict[str, Any]) -> None:
    given = values.get("result")
    stored = None if call.result is None else loads(call.result)
    if call.status != status or (given is not None and given != stored):
        raise Conflict(
            "The call has ended with another result.", field="toolCall", currentStatus=call.status
        )


async def _complete(
    recording: Recording, call: Row[Any], *, status: ToolCallStatus, **values: Any
) -> None:
    ended_at = values.get("ended_at")
    if status in ENDED:
        started_at = values.get("started_at") or call.started_at
        values["ended_at"] = ended_at or recording.not_before(started_at)
        check_order(started_at, ended_at, "endedAt")
    elif call.status == status:
        return
    elif call.status == ToolCallStatus.AWAITING_CONFIRMATION:
        raise Conflict(
            "The call waits for a person's decision.", field="status", currentStatus=call.status
        )
    else:
        values.setdefault("started_at", recording.now)
    awaited = call.status == ToolCallStatus.AWAITING_CONFIRMATION
    events = []
    if status in ENDED and awaited:
        events = await cancel_confirmations(
            recording,
            call.session_id,
            "The tool call ended.",
            at=ended_at,
            tool_call_id=call.id,
        )
    changed = await recording.change(
        ToolCall, call.id, **values, status=status, updated_at=recording.now
    )
    if status in ENDED:
        events.append(completed(changed.id, status, duration_ms=changed.duration_ms, at=ended_at))
    failed = {"failed_tool_call_count": int(status == ToolCallStatus.FAILED)}
    if awaited:
        await append_with_status(recording, call.session_id, events, at=ended_at, counts=failed)
    elif events:
        locked = await advance(
            recording, call.session_id, events=len(events), at=ended_at, counts=failed
        )
        await append(recording, locked, events)
