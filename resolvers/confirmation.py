"""Confirmations: their loaders, and how they are recorded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from orjson import Fragment
from sqlalchemy import Row, exists, func, select, update

from models import (
    Confirmation,
    ConfirmationStatus,
    EventType,
    Session,
    SessionStatus,
    ToolCall,
    ToolCallStatus,
)
from resolvers.errors import Conflict, Invalid
from resolvers.feed import Event, advance, append, completed, status_changed
from resolvers.identifiers import encode, table_of
from resolvers.loaders import by_id, one_by_column, page_by_column, page_of_project
from resolvers.lookup import find, find_named, find_tool_call
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.validation import check_order

CONFIRMATION = by_id(Confirmation)
CONFIRMATIONS = page_of_project(Confirmation)
CONFIRMATIONS_BY_SESSION = page_by_column(Confirmation.session_id, "created_at", "id")
CONFIRMATION_BY_TOOL_CALL = one_by_column(Confirmation.tool_call_id)


async def request_confirmation(
    recording: Recording,
    *,
    session: str,
    tool_call: str | None = None,
    tool_name: str | None = None,
    **values: Any,
) -> Answer:
    """Ask a person before a tool call runs; the call then awaits it, and the session waits.

    Tool name and arguments are the call's where they are left out. Values are columns of
    `Confirmation`. Raises `Conflict` if the session or the call has ended, or if the call has been
    asked about.
    """
    current = await find_named(recording, Session.session_id, session, "session", lock=True)
    if current.ended_at is not None:
        raise Conflict("The session has ended.", field="session", currentStatus=current.status)
    call = None
    if tool_call is not None:
        call = await find_tool_call(recording, tool_call, session, "toolCall", lock=True)
        await _check_askable(recording, call, current.id)
        tool_name = tool_name or call.tool_name
        if values.get("arguments") is None and call.arguments is not None:
            values["arguments"] = Fragment(call.arguments)
    if tool_name is None:
        raise Invalid("Give the `toolCall`, or the `toolName` if it has none.", field="toolName")
    confirmation = await recording.insert(
        Confirmation,
        session_id=current.id,
        tool_call_id=call and call.id,
        tool_name=tool_name,
        **values,
    )
    if call is not None:
        await recording.change(
            ToolCall, call.id, status=ToolCallStatus.AWAITING_CONFIRMATION, updated_at=recording.now
        )
    at = values.get("created_at")
    subject = (Confirmation, confirmation.id)
    event = Event(EventType.CONFIRMATION_REQUESTED, subject, occurred_at=at)
    await append_with_status(recording, current.id, [event], at=at)
    return {"confirmation": confirmation.id, "session": current.id}


async def _check_askable(recording: Recording, call: Row[Any], session_id: UUID) -> None:
    if call.session_id != session_id:
        raise Invalid("The tool call is another session's.", field="toolCall")
    if call.status not in {ToolCallStatus.PENDING, ToolCallStatus.AWAITING_CONFIRMATION}:
        raise Conflict(
            "The tool call no longer waits to run.", field="toolCall", currentStatus=call.status
        )
    columns = table_of(Confirmation).c
    asked = exists().where(
        columns.project_id == recording.project_id, columns.tool_call_id == call.id
    )
    if (await recording.execute(select(asked))).scalar():
        raise Conflict("The tool call has been asked about already.", field="toolCall")


async def decide_confirmation(
    recording: Recording,
    *,
    confirmation: str,
    decision: ConfirmationStatus,
    edited_arguments: Any = None,
    decided_at: datetime | None = None,
    **values: Any,
) -> Answer:
    """Approve or deny. The first decision wins: the same again changes nothing, another is refused.

    Raises `Conflict`, with the current status, also when the time to decide had run out.
    """
    if decision not in {ConfirmationStatus.APPROVED, ConfirmationStatus.DENIED}:
        raise Invalid("Give APPROVED or DENIED.", field="decision")
    current = await _locked(recording, confirmation)
    if current.status == decision:
        return {"confirmation": current.id, "session": current.session_id}
    if current.status != ConfirmationStatus.PENDING:
        raise Conflict(
            "It has been decided already.", field="decision", currentStatus=current.status
        )
    check_order(current.created_at, decided_at, "decidedAt", "the question")
    now = (await recording.execute(select(func.now()))).scalar()
    at = decided_at or now
    if current.expires_at is not None and at is not None and current.expires_at <= at:
        raise Conflict("The time to decide has run out.", field="decision", currentStatus="EXPIRED")
    await _end(
        recording, current, decision, decided_at, edited_arguments=edited_arguments, **values
    )
    return {"confirmation": current.id, "session": current.session_id}


async def clear_confirmation(
    recording: Recording,
    *,
    confirmation: str,
    reason: str | None = None,
    decided_at: datetime | None = None,
) -> Answer:
    """Withdraw a question, so that its tool call is given up. Withdrawing again changes nothing."""
    current = await _locked(recording, confirmation)
    if current.status == ConfirmationStatus.PENDING:
        check_order(current.created_at, decided_at, "decidedAt", "the question")
        await _end(recording, current, ConfirmationStatus.CANCELLED, decided_at, reason=reason)
    elif current.status != ConfirmationStatus.CANCELLED:
        raise Conflict(
            "It has been decided already.", field="confirmation", currentStatus=current.status
        )
    return {"confirmation": current.id, "session": current.session_id}


async def expire_confirmation(recording: Recording, *, confirmation: str) -> Answer:
    """Let a confirmation that is due expire; one that was decided meanwhile stays as it is.

    Its tool call is given up: nobody has decided against it, as with one that is DENIED.
    """
    found = await find(recording, Confirmation, confirmation, "confirmation")
    if found.status == ConfirmationStatus.PENDING:
        found = await _locked(recording, confirmation)
    if found.status == ConfirmationStatus.PENDING:
        at = max(found.expires_at, found.created_at)
        await _end(recording, found, ConfirmationStatus.EXPIRED, at, reason=_EXPIRED)
    return {"confirmation": found.id, "session": found.session_id}


async def _locked(recording: Recording, confirmation: str) -> Row[Any]:
    found = await find(recording, Confirmation, confirmation, "confirmation")
    # sessions are locked first, always in this order, so that writers cannot deadlock
    await find(recording, Session, encode("session", found.session_id), "confirmation", lock=True)
    return await find(recording, Confirmation, confirmation, "confirmation", lock=True)


_CALL_STATUS = {
    ConfirmationStatus.APPROVED: ToolCallStatus.PENDING,
    ConfirmationStatus.DENIED: ToolCallStatus.DENIED,
    ConfirmationStatus.EXPIRED: ToolCallStatus.CANCELLED,
    ConfirmationStatus.CANCELLED: ToolCallStatus.CANCELLED,
}
_EXPIRED = "Nobody decided in time."


async def _end(
    recording: Recording,
    current: Row[Any],
    status: ConfirmationStatus,
    at: datetime | None,
    **values: Any,
) -> None:
    await recording.change(
        Confirmation,
        current.id,
        **values,
        status=status,
        decided_at=at or recording.now,
        updated_at=recording.now,
    )
    events = [_decided(current.id, status, at)]
    if current.tool_call_id is not None:
        call_status = _CALL_STATUS[status]
        over = {}
        if call_status != ToolCallStatus.PENDING:
            call_id = encode("tool_call", current.tool_call_id)
            call = await find(recording, ToolCall, call_id, "confirmation", lock=True)
            over["ended_at"] = recording.not_before(call.started_at, at)
        await recording.change(
            ToolCall, current.tool_call_id, status=call_status, updated_at=recording.now, **over
        )
        if over:
            events.append(completed(current.tool_call_id, call_status, at=at))
    await append_with_status(recording, current.session_id, events, at=at)


def _decided(confirmation_id: UUID, status: ConfirmationStatus, at: datetime | None) -> Event:
    return Event(
        EventType.CONFIRMATION_DECIDED,
        (Confirmation, confirmation_id),
        event_data={"status": status},
        occurred_at=at,
    )


async def append_with_status(
    recording: Recording,
    session_id: UUID,
    events: list[Event],
    *,
    at: datetime | None = None,
    counts: dict[str, Any] | None = None,
) -> None:
    """Append events, and let an open session be WAITING just while a confirmation is pending."""
    sessions, columns = table_of(Session).c, table_of(Confirmation).c
    pending = exists().where(
        columns.project_id == recording.project_id,
        columns.session_id == session_id,
        columns.status == ConfirmationStatus.PENDING,
    )
    found = await recording.execute(
        select(sessions.status, pending).where(
            sessions.project_id == recording.project_id, sessions.id == session_id
        )
    )
    before, is_pending = found.one()
    after = SessionStatus.WAITING if is_pending else SessionStatus.ACTIVE
    changes = {}
    if before in {SessionStatus.ACTIVE, SessionStatus.WAITING} and before != after:
        events = [*events, status_changed(session_id, before, after, at)]
        changes = {"status": after, "updated_at": recording.now}
    locked = await advance(
        recording, session_id, events=len(events), at=at, counts=counts, changes=changes
    )
    await append(recording, locked, events)


async def tell_of_pending(recording: Recording, session_ids: Sequence[UUID]) -> None:
    """Tell who waits for decisions in some sessions, since their questions may be deleted."""
    columns = table_of(Confirmation).c
    pending = await recording.execute(
        select(columns.id).where(
            columns.project_id == recording.project_id,
            columns.session_id == any_of(session_ids),
            columns.status == ConfirmationStatus.PENDING,
        )
    )
    recording.topics += pending.scalars()


async def cancel_confirmations(
    recording: Recording,
    session_id: UUID,
    reason: str,
    *,
    at: datetime | None = None,
    tool_call_id: UUID | None = None,
) -> list[Event]:
    """Cancel a session's pending confirmations, or those of one call; give the events to append.

    The tool calls that await them are cancelled with them; a call that is named is left to the
    caller. The session's row is locked by then.
    """
    columns = table_of(Confirmation).c
    conditions = [
        columns.project_id == recording.project_id,
        columns.session_id == session_id,
        columns.status == ConfirmationStatus.PENDING,
    ]
    if tool_call_id is not None:
        conditions.append(columns.tool_call_id == tool_call_id)
    found = await recording.execute(
        update(Confirmation)
        .where(*conditions)
        .values(
            status=ConfirmationStatus.CANCELLED,
            reason=reason,
            decided_at=func.greatest(at or recording.now, columns.created_at),
            updated_at=recording.now,
        )
        .returning(columns.id, columns.tool_call_id)
    )
    cancelled = found.all()
    events = [_decided(row.id, ConfirmationStatus.CANCELLED, at) for row in cancelled]
    if tool_call_id is not None:
        return events
    calls = table_of(ToolCall).c
    given_up = await recording.execute(
        update(ToolCall)
        .where(
            calls.project_id == recording.project_id,
            calls.id.in_([row.tool_call_id for row in cancelled if row.tool_call_id]),
            calls.status == ToolCallStatus.AWAITING_CONFIRMATION,
        )
        .values(
            status=ToolCallStatus.CANCELLED,
            ended_at=func.greatest(at or recording.now, calls.started_at),
            updated_at=recording.now,
        )
        .returning(calls.id)
    )
    return events + [completed(row.id, ToolCallStatus.CANCELLED, at=at) for row in given_up]
