"""The sessions that the spans of a trace belong to, found or made."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from exchange.spans.added import Added
from exchange.spans.kept_spans import KnownSpan
from exchange.spans.operation import Operation, OperationKind, without_nulls
from exchange.spans.placing import Trace
from models import Agent, Session, SessionKind
from resolvers.agent import create_agent
from resolvers.errors import Conflict, NotFound
from resolvers.identifiers import encode
from resolvers.lookup import find_named
from resolvers.recording import Recording
from resolvers.session import create_session

SOURCE = "opentelemetry"
"""What a session's `source` is that a span began."""


def session_name(trace_id: str, span_id: str) -> str:
    """Give the runtime's name of the session that the run of an agent is."""
    return f"span:{trace_id}:{span_id}"


@dataclass(frozen=True, slots=True)
class SpanSessions:
    """The sessions of one span."""

    recording: Recording
    trace: Trace
    span: KnownSpan
    operation: Operation
    added: Added

    async def of_span(self) -> str:
        """Give the id of the session that the span belongs to, made if it is not there."""
        agent = self.trace.agent_of(self.span)
        if agent is not None:
            run = await self.find(session_name(agent.trace_id, agent.span_id))
            if run is not None:
                return encode("session", run.id)
        missing = self.trace.missing_parent(self.span)
        is_part = self.span.kind is not OperationKind.AGENT and self.operation.agent is not None
        if agent is None and missing is not None and is_part:
            # it names its agent, whose run goes on: that will end the session when it comes
            return await self.create_run(session_name(self.span.trace_id, missing[16:].hex()))
        return await self._conversation()

    async def _conversation(self) -> str:
        name = self.trace.conversation_of(self.span)
        found = await self.find(name or self._own_name)
        if found is not None:
            return encode("session", found.id)
        return await self._create(
            session_id=name or self._own_name,
            user_id=self.operation.user_id,
            started_at=self.operation.started_at,
        )

    @property
    def _own_name(self) -> str:
        """The name of a conversation that has none."""
        return f"trace:{self.span.trace_id}"

    async def find(self, name: str) -> Row[Any] | None:
        """Find a session by the runtime's name for it, or by its id."""
        try:
            return await find_named(self.recording, Session.session_id, name, "sessionId")
        except NotFound:
            return None

    async def _create(self, **values: Any) -> str:
        try:
            created = await create_session(self.recording, source=SOURCE, **without_nulls(values))
        except Conflict:  # another trace was faster
            found = await self.find(values["session_id"])
            if found is None:
                raise
            return encode("session", found.id)
        self.added.sessions += 1
        return encode("session", created["session"])

    async def create_run(self, name: str, parent: str | None = None, **values: Any) -> str:
        """Create the session of an agent's run, in a session or in the conversation."""
        found = await self.find(name)
        if found is not None:
            return encode("session", found.id)
        agent = self.operation.agent or {}
        return await self._create(
            session_id=name,
            parent=parent or await self._conversation(),
            kind=SessionKind.SUBAGENT,
            agent=await self.ensure_agent(),
            user_id=self.operation.user_id,
            title=agent.get("name"),
            started_at=self.operation.started_at,
            **values,
        )

    async def ensure_agent(self) -> str | None:
        """Make the agent that the span names if it is not there, and give its name."""
        agent = self.operation.agent
        if agent is None:
            return None
        try:
            await find_named(self.recording, Agent.agent_id, agent["agent_id"], "agent")
        except NotFound:
            with suppress(Conflict):  # another trace was faster
                await create_agent(self.recording, **agent)
        return str(agent["agent_id"])
