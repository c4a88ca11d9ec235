"""Records a span: as the session of a run, as messages, or as a tool call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from exchange.spans.added import Added
from exchange.spans.history import find_new
from exchange.spans.kept_spans import KnownSpan
from exchange.spans.operation import Operation, OperationKind, without_nulls
from exchange.spans.placing import Trace
from exchange.spans.span_sessions import SpanSessions, session_name
from models import (
    Message,
    MessageRole,
    MessageStatus,
    Session,
    SessionStatus,
    ToolCall,
    ToolCallStatus,
)
from resolvers.errors import NotFound
from resolvers.identifiers import encode, table_of
from resolvers.lookup import find_named, find_tool_call
from resolvers.message import record_message
from resolvers.recording import Recording
from resolvers.session import ENDED, end_session, update_session
from resolvers.tool_call import ENDED as ENDED_CALLS
from resolvers.tool_call import record_tool_call_result


@dataclass(frozen=True, slots=True)
class SpanRecorder:
    """Records one span."""

    recording: Recording
    trace: Trace
    span: KnownSpan
    operation: Operation
    sessions: SpanSessions
    added: Added

    @classmethod
    def of(
        cls, recording: Recording, trace: Trace, span: KnownSpan, operation: Operation
    ) -> "SpanRecorder":
        """Make the recorder of a span."""
        added = Added()
        sessions = SpanSessions(recording, trace, span, operation, added)
        return cls(recording, trace, span, operation, sessions, added)

    async def record(self) -> None:
        """Record it. Raises `DomainError`."""
        match self.span.kind:
            case OperationKind.AGENT:
                await self._record_run()
            case OperationKind.NEW_AGENT:
                await self.sessions.ensure_agent()
            case OperationKind.TOOL:
                session = await self.sessions.of_span()
                if not await self._is_recorded(session):
                    await self._record_tool_call(session)
            case OperationKind.CHAT:
                # one instrumentation in another tells of the same call twice
                if self.trace.enclosing(self.span, OperationKind.CHAT) is None:
                    session = await self.sessions.of_span()
                    if not await self._is_recorded(session):
                        await self._record_messages(session)

    async def _is_recorded(self, session: str) -> bool:
        """Whether messages tell of the span, as those of a file that was imported long ago do."""
        row = await find_named(self.recording, Session.session_id, session, "session", lock=True)
        messages = table_of(Message).c
        found = await self.recording.execute(
            select(messages.id)
            .where(
                messages.project_id == self.recording.project_id,
                messages.session_id == row.id,
                messages.trace_id == self.span.trace_id,
                messages.span_id == self.span.span_id,
            )
            .limit(1)
        )
        return found.first() is not None

    # runs of agents

    async def _record_run(self) -> None:
        operation, span = self.operation, self.span
        name = session_name(span.trace_id, span.span_id)
        parent = await self.sessions.of_span()
        begun = await self.sessions.find(name)
        metadata = without_nulls(
            {
                "traceId": span.trace_id,
                "spanId": span.span_id,
                "conversationId": operation.conversation,
            }
        )
        if begun is None:
            run = await self.sessions.create_run(
                name,
                parent,
                metadata=metadata,
                spawned_by_tool_call=await self._spawning_call(parent),
            )
        elif begun.status in ENDED:
            return
        else:
            run = encode("session", begun.id)
            await update_session(
                self.recording,
                session=run,
                metadata_patch=metadata,
                started_at=min(begun.started_at, operation.started_at),
            )
        if operation.output and not self.trace.has_model_calls(span):
            await self._record_messages(run)
        await self._end(run)
        if span.parent_id is None and self.trace.conversation_of(span) is None:
            await self._end(parent)

    async def _spawning_call(self, parent: str) -> str | None:
        """Give the id of the tool call that the run was started by."""
        tool = self.trace.enclosing(self.span, OperationKind.TOOL)
        if tool is None or tool.tool_call_id is None:
            return None
        try:
            call = await find_tool_call(self.recording, tool.tool_call_id, parent, "toolCall")
        except NotFound:
            return None
        return encode("tool_call", call.id)

    async def _end(self, session: str) -> None:
        found = await find_named(self.recording, Session.session_id, session, "session")
        if found.status not in ENDED:
            failed = self.operation.has_failed
            await end_session(
                self.recording,
                session=session,
                status=SessionStatus.FAILED if failed else SessionStatus.COMPLETED,
                ended_at=max(self.operation.ended_at, found.started_at),
            )

    # messages

    async def _record_messages(self, session: str) -> None:
        """Record what a model was told that is not recorded yet, and what it answered."""
        operation = self.operation
        row = await find_named(self.recording, Session.session_id, session, "session", lock=True)
        new = await find_new(
            self.recording, row, operation.input, operation.output, operation.instructions
        )
        if new.earlier_run is not None:
            for message in new.late:
                await self._record_input(encode("session", new.earlier_run), message)
        if operation.instructions is not None and not new.has_instructions:
            said = {"role": MessageRole.SYSTEM, "content": operation.instructions}
            await self._record_input(session, said)
        for message in new.messages:
            await self._record_input(session, message)
        answers = operation.output
        if not answers or new.is_answered:
            answers = [{"role": MessageRole.ASSISTANT}]
        for place, answer in enumerate(answers):
            await self._record_answer(session, answer, operation.usage if place == 0 else {})

    async def _say(self, session: str, **message: Any) -> None:
        told = await record_message(self.recording, session=session, **message)
        self.added.messages += 1
        self.added.tool_calls += len(told["tool_calls"])

    async def _record_input(self, session: str, message: Mapping[str, Any]) -> None:
        told_at, own = self.operation.started_at, self._own(message)
        await self._say(session, created_at=told_at, **own)

    async def _record_answer(
        self, session: str, answer: Mapping[str, Any], usage: Mapping[str, Any]
    ) -> None:
        operation = self.operation
        failure: dict[str, Any] = {}
        if operation.has_failed:
            failure = {
                "status": MessageStatus.ERROR,
                "error": operation.error_message or operation.error_type,
            }
        await self._say(
            session,
            created_at=operation.ended_at,
            duration_ms=operation.duration_ms,
            **usage,
            **failure,
            **await self._without_known_calls(session, self._own(answer)),
        )

    async def _without_known_calls(self, session: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Leave out calls whose spans came before the one that tells who asked for them."""
        asked = []
        for call in answer.get("tool_calls", ()):
            known = await self._find_call(session, call) if call.get("tool_call_id") else None
            started = None if known is None else known.started_at
            if started is None or started < self.operation.started_at:
                asked.append(call)
        return {**answer, "tool_calls": asked} if asked != answer.get("tool_calls", []) else answer

    def _own(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **message,
            "role": MessageRole(message["role"]),
            "trace_id": self.span.trace_id,
            "span_id": self.span.span_id,
        }

    # tool calls

    async def _record_tool_call(self, session: str) -> None:
        """Record how a call ended; one that no message asked for gets a message of its own."""
        operation, tool = self.operation, self.operation.tool
        call = await self._find_call(session, tool)
        if call is not None and call.status in ENDED_CALLS:
            return
        outcome: dict[str, Any] = {
            "status": ToolCallStatus.FAILED if operation.has_failed else ToolCallStatus.SUCCEEDED,
            "result": tool.get("result"),
            "error_type": operation.error_type,
            "error_message": operation.error_message,
            "started_at": operation.started_at,
            "ended_at": operation.ended_at,
            "duration_ms": operation.duration_ms,
        }
        if call is not None:
            own_id = encode("tool_call", call.id)
            await record_tool_call_result(self.recording, tool_call=own_id, **outcome)
            return
        asked = {"tool_name": "unknown", **tool, **without_nulls(outcome)}
        await self._say(
            session,
            created_at=operation.ended_at,
            tool_calls=[asked],
            **self._own({"role": MessageRole.ASSISTANT}),
        )

    async def _find_call(self, session: str, tool: Mapping[str, Any]) -> Row[Any] | None:
        """Find a call: by its id, else the first of its tool that waits."""
        own_id, name = tool.get("tool_call_id"), tool.get("tool_name")
        if own_id is not None:
            try:
                return await find_tool_call(self.recording, own_id, session, "toolCallId")
            except NotFound:
                return None
        row = await find_named(self.recording, Session.session_id, session, "session", lock=True)
        calls = table_of(ToolCall).c
        found = await self.recording.execute(
            select(calls.id, calls.status)
            .join(
                Message,
                (table_of(Message).c.project_id == calls.project_id)
                & (table_of(Message).c.id == calls.message_id),
            )
            .where(
                calls.project_id == self.recording.project_id,
                calls.session_id == row.id,
                calls.tool_name == name,
                calls.ended_at.is_(None),
            )
            .order_by(table_of(Message).c.sequence, calls.index)
            .limit(1)
        )
        return found.one_or_none()
