"""Records the spans of a trace as sessions, messages and tool calls."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from asyncpg import IntegrityConstraintViolationError
from sqlalchemy import Row, select

from exchange.spans.history import find_new
from exchange.spans.kept_spans import (
    KnownSpan,
    lock_trace,
    mark_recorded,
    operations_of,
    spans_of_trace,
)
from exchange.spans.operation import Operation, OperationKind, without_nulls
from exchange.spans.placing import Trace
from models import (
    Agent,
    Message,
    MessageRole,
    MessageStatus,
    Session,
    SessionKind,
    SessionStatus,
    ToolCall,
    ToolCallStatus,
)
from resolvers.agent import create_agent
from resolvers.batch import start_batch
from resolvers.errors import Conflict, DomainError, NotFound
from resolvers.identifiers import encode, table_of
from resolvers.lookup import find_named, find_tool_call
from resolvers.message import record_message
from resolvers.recording import Answer, Recording
from resolvers.session import ENDED, create_session, end_session, update_session
from resolvers.tool_call import ENDED as ENDED_CALLS
from resolvers.tool_call import record_tool_call_result
from resolvers.transaction import domain_error

SOURCE = "opentelemetry"
"""What a session's `source` is that a span began."""
_BATCH = 50
"""Spans that one transaction records."""


@dataclass(slots=True)
class Added:
    """How much was recorded of spans."""

    sessions: int = 0
    messages: int = 0
    tool_calls: int = 0

    def __iadd__(self, other: "Added") -> Self:
        """Add up."""
        self.sessions += other.sessions
        self.messages += other.messages
        self.tool_calls += other.tool_calls
        return self


async def record_trace(recording: Recording, *, trace_id: bytes, waits: bool) -> Answer:
    """Record the spans of a trace that are ready, up to a number, each as a whole or not at all.

    Those whose parents are not there are ready when they have waited, unless one `waits` no more.
    Gives the ids of those that are done as `recorded`, why some of them were refused as `refusals`
    by their ids, what was `added`, and whether there are `more`.
    """
    await lock_trace(recording, trace_id)
    trace = Trace(await spans_of_trace(recording, trace_id))
    ready = trace.ready(waits=waits)
    batch = ready[:_BATCH]
    added = Added()
    if not batch:
        return {"recorded": [], "refusals": {}, "added": added, "more": False}
    operations = await operations_of(recording, [span.id for span in batch])
    refusals: dict[bytes, str] = {}
    for span in batch:
        try:
            async with recording.transaction.savepoint():
                alone = await start_batch(recording)
                recorded = _RecordedSpan(alone, trace, span, operations[span.id])
                await recorded.record()
                await alone.flush()
            added += recorded.added
        except DomainError as error:
            refusals[span.id] = describe(error)
        except IntegrityConstraintViolationError as error:
            refusals[span.id] = describe(domain_error(error))
    await mark_recorded(recording, [span.id for span in batch])
    return {
        "recorded": [span.id for span in batch],
        "refusals": refusals,
        "added": added,
        "more": len(ready) > len(batch),
    }


def describe(error: DomainError) -> str:
    """Say what is wrong, and where."""
    return f"{error.field}: {error.message}" if error.field else error.message


def session_name(trace_id: str, span_id: str) -> str:
    """Give the runtime's name of the session that the run of an agent is."""
    return f"span:{trace_id}:{span_id}"


@dataclass(frozen=True, slots=True)
class _RecordedSpan:
    """One span that is recorded."""

    recording: Recording
    trace: Trace
    span: KnownSpan
    operation: Operation
    added: Added = field(default_factory=Added)

    async def record(self) -> None:
        """Record it. Raises `DomainError`."""
        match self.span.kind:
            case OperationKind.AGENT:
                await self._record_run()
            case OperationKind.NEW_AGENT:
                await self._ensure_agent()
            case OperationKind.TOOL:
                await self._record_tool_call(await self._session())
            case OperationKind.CHAT:
                # one instrumentation in another tells of the same call twice
                if self.trace.enclosing(self.span, OperationKind.CHAT) is None:
                    await self._record_messages(await self._session())

    # sessions

    async def _session(self) -> str:
        """Give the id of the session that the span belongs to, made if it is not there."""
        agent = self.trace.agent_of(self.span)
        if agent is not None:
            run = await self._find_session(session_name(agent.trace_id, agent.span_id))
            if run is not None:
                return encode("session", run.id)
        missing = self.trace.missing_parent(self.span)
        is_part = self.span.kind is not OperationKind.AGENT and self.operation.agent is not None
        if agent is None and missing is not None and is_part:
            # it names its agent, whose run goes on: that will end the session when it comes
            return await self._create_run(session_name(self.span.trace_id, missing[16:].hex()))
        return await self._conversation()

    async def _conversation(self) -> str:
        name = self.trace.conversation_of(self.span)
        found = await self._find_session(name or self._own_name)
        if found is not None:
            return encode("session", found.id)
        return await self._create_session(
            session_id=name or self._own_name,
            user_id=self.operation.user_id,
            started_at=self.operation.started_at,
        )

    @property
    def _own_name(self) -> str:
        """The name of a conversation that has none."""
        return f"trace:{self.span.trace_id}"

    async def _find_session(self, name: str) -> Row[Any] | None:
        try:
            return await find_named(self.recording, Session.session_id, name, "sessionId")
        except NotFound:
            return None

    async def _create_session(self, **values: Any) -> str:
        try:
            created = await create_session(self.recording, source=SOURCE, **without_nulls(values))
        except Conflict:  # another trace was faster
            found = await self._find_session(values["session_id"])
            if found is None:
                raise
            return encode("session", found.id)
        self.added.sessions += 1
        return encode("session", created["session"])

    async def _create_run(self, name: str, parent: str | None = None, **values: Any) -> str:
        """Create the session of an agent's run, in a session or in the conversation."""
        found = await self._find_session(name)
        if found is not None:
            return encode("session", found.id)
        agent = self.operation.agent or {}
        return await self._create_session(
            session_id=name,
            parent=parent or await self._conversation(),
            kind=SessionKind.SUBAGENT,
            agent=await self._ensure_agent(),
            user_id=self.operation.user_id,
            title=agent.get("name"),
            started_at=self.operation.started_at,
            **values,
        )

    async def _ensure_agent(self) -> str | None:
        agent = self.operation.agent
        if agent is None:
            return None
        try:
            await find_named(self.recording, Agent.agent_id, agent["agent_id"], "agent")
        except NotFound:
            with suppress(Conflict):  # another trace was faster
                await create_agent(self.recording, **agent)
        return str(agent["agent_id"])

    # runs of agents

    async def _record_run(self) -> None:
        operation, span = self.operation, self.span
        name = session_name(span.trace_id, span.span_id)
        parent = await self._session()
        begun = await self._find_session(name)
        metadata = without_nulls(
            {
                "traceId": span.trace_id,
                "spanId": span.span_id,
                "conversationId": operation.conversation,
            }
        )
        if begun is None:
            run = await self._create_run(
                name,
                parent,
                metadata=metadata,
                spawned_by_tool_call=await self._spawning_call(parent),
            )
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
