"""Writes sessions that come in from elsewhere, each with its messages, whole or not at all."""

from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from exchange.history import History
from exchange.records import (
    Decision,
    MessageRecord,
    SessionRecord,
    ToolCallRecord,
    refused_by_line,
)
from models import (
    Agent,
    Confirmation,
    ConfirmationStatus,
    Message,
    Session,
    ToolCall,
    ToolCallStatus,
)
from resolvers.agent import create_agent
from resolvers.batch import start_batch
from resolvers.confirmation import decide_confirmation, request_confirmation
from resolvers.errors import Conflict, Invalid, NotFound
from resolvers.identifiers import encode, table_of
from resolvers.lookup import find_named, find_tool_call
from resolvers.message import record_message
from resolvers.recording import Answer, Recording
from resolvers.session import create_session, end_session
from resolvers.tool_call import record_tool_call_result

SOURCE = "import"
"""What `Session.source` is of a session that was imported."""


async def record_session(alone: Recording, session: SessionRecord, *, grows: bool) -> Answer:
    """Record a session with the sessions below it; give its id and counts of what was added.

    One that is there raises `Conflict`, unless it may grow and was imported: then what is new is
    added to it.
    """
    recording = await start_batch(alone, _tool_call_ids(session))
    return await _record(recording, session, None, grows=grows)


def _tool_call_ids(session: SessionRecord) -> frozenset[str]:
    messages = [message for turn in session.turns for message in (*turn.history, *turn.messages)]
    answered = [message.tool_call_id for message in messages]
    asked = [call.tool_call_id for message in messages for call in message.tool_calls]
    # one that cannot be stored is refused when its message is, so nothing asks for it
    return frozenset(own_id for own_id in (*answered, *asked) if own_id and "\0" not in own_id)


async def _record(
    recording: Recording, session: SessionRecord, parent: str | None, *, grows: bool
) -> Answer:
    existing = None
    if grows and session.name.strip():
        existing = await recording.row(Session, session_id=session.name, lock=True)
    if existing is None:
        answer = await _create(recording, session, parent)
        history = History()
    else:
        if existing.source != SOURCE:
            raise Conflict("There is a session of this name already.", field="session_id")
        answer = {"session": existing.id, "messages": 0, "tool_calls": 0}
        history = History(await _stored(recording, existing))
    last = None
    for turn in session.turns:
        for message in history.take(turn):
            with refused_by_line(message.line):
                answer["tool_calls"] += await _record_message(recording, session.name, message)
            answer["messages"] += 1
            last = max((at for at in (last, message.created_at) if at is not None), default=None)
    for child in session.children:
        below = await _record(recording, child, session.name, grows=grows)
        answer["messages"] += below["messages"]
        answer["tool_calls"] += below["tool_calls"]
    if existing is None and session.status is not None:
        await end_session(
            recording,
            session=session.name,
            status=session.status,
            ended_at=_end(session, last),
        )
    await recording.flush()
    return answer


def _end(session: SessionRecord, last: datetime | None) -> datetime | None:
    """Give the end of a session whose start is told: not before it, nor before what was said."""
    if session.started_at is None:
        return None
    return max(at for at in (session.started_at, session.ended_at, last) if at is not None)


async def _create(recording: Recording, session: SessionRecord, parent: str | None) -> Answer:
    if session.agent is not None:
        await _ensure_agent(recording, session.agent)
    spawned_by = None
    if parent is not None and session.spawned_by is not None:
        with suppress(NotFound):  # the call is not in the file
            call = await find_tool_call(recording, session.spawned_by, parent, "spawned_by")
            spawned_by = encode("tool_call", call.id)
    created = await create_session(
        recording,
        session_id=session.name,
        parent=parent,
        spawned_by_tool_call=spawned_by,
        agent=session.agent,
        source=SOURCE,
        user_id=session.user_id,
        title=session.title,
        tags=session.tags,
        metadata=session.metadata,
        started_at=session.started_at,
    )
    if not created["created"]:
        raise Conflict("There is a session of this name already.", field="session_id")
    return {"session": created["session"], "messages": 0, "tool_calls": 0}


async def _ensure_agent(recording: Recording, name: str) -> None:
    try:
        await find_named(recording, Agent.agent_id, name, "agent")
    except NotFound:
        await create_agent(recording, agent_id=name, name=name)


async def _stored(recording: Recording, session: Any) -> list[MessageRecord]:
    """Read what a session says, as far as messages are told apart by it."""
    messages, calls = table_of(Message).c, table_of(ToolCall).c
    of_session = (messages.project_id == recording.project_id, messages.session_id == session.id)
    asked: dict[Any, list[ToolCallRecord]] = {}
    found = await recording.execute(
        select(calls.message_id, calls.tool_name, calls.tool_call_id)
        .where(calls.project_id == recording.project_id, calls.session_id == session.id)
        .order_by(calls.message_id, calls.index)
    )
    for message_id, tool_name, tool_call_id in found:
        call = ToolCallRecord(tool_name=tool_name, tool_call_id=tool_call_id)
        asked.setdefault(message_id, []).append(call)
    names = ("role", "status", "content", "tool_call_id", "response_id", "span_id", "trace_id")
    said = await recording.execute(
        select(messages.id, messages.parts, *(messages[name] for name in names))
        .where(*of_session)
        .order_by(messages.sequence)
    )
    return [
        MessageRecord(
            **{name: row[name] for name in names},
            parts=None if row["parts"] is None else orjson.loads(row["parts"]),
            tool_calls=asked.get(row["id"], []),
        )
        for row in said.mappings()
    ]


async def _record_message(recording: Recording, session: str, message: MessageRecord) -> int:
    """Record a message and what follows from it; give how many tool calls it asks for."""
    if message.has_failed and message.tool_call_id is not None:
        await _fail(recording, session, message)
    try:
        recorded = await record_message(recording, session=session, **message.columns())
    except (Invalid, NotFound) as error:
        raise (error.within(message.place) if message.place else error) from error
    for call, call_id in zip(message.tool_calls, recorded["tool_calls"], strict=True):
        if call.is_asked_about:
            await _ask(recording, session, encode("tool_call", call_id), message.created_at)
    if message.decision is not None:
        await _decide(recording, session, message.decision, message.created_at)
    return len(recorded["tool_calls"])


async def _fail(recording: Recording, session: str, message: MessageRecord) -> None:
    with suppress(NotFound, Conflict):  # no such call, or it has a result: its integrity tells
        await record_tool_call_result(
            recording,
            tool_call=message.tool_call_id or "",
            session=session,
            status=ToolCallStatus.FAILED,
            result=message.content,
            error_message=message.content,
            ended_at=message.created_at,
        )


async def _ask(recording: Recording, session: str, call: str, at: datetime | None) -> None:
    with suppress(Conflict):  # the session has ended, so nobody will be asked
        await request_confirmation(recording, session=session, tool_call=call, created_at=at)


async def _decide(
    recording: Recording, session: str, decision: Decision, at: datetime | None
) -> None:
    try:
        call = await find_tool_call(recording, decision.tool_call_id, session, "toolCall")
    except NotFound:
        return
    asked = await recording.row(Confirmation, tool_call_id=call.id, lock=True)
    if asked is None or asked.status != ConfirmationStatus.PENDING:
        return
    is_told = at is not None and at >= asked.created_at
    await decide_confirmation(
        recording,
        confirmation=encode("confirmation", asked.id),
        decision=(
            ConfirmationStatus.APPROVED if decision.is_approved else ConfirmationStatus.DENIED
        ),
        reason=decision.reason,
        decided_at=at if is_told else None,
    )
