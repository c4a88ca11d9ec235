"""Sessions as they come in from elsewhere: what a reader of a format makes of its lines.

These are plain values; `exchange/session_recording.py` writes them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from models import MessageRole, MessageStatus, SessionStatus, ToolCallStatus
from resolvers.errors import DomainError


@dataclass(frozen=True)
class Document:
    """A JSON object of a file, with the number of its line."""

    line: int
    value: dict[str, Any]


class LineRefusedError(Exception):
    """What a line says cannot be taken in."""

    def __init__(self, line: int, error: DomainError) -> None:
        super().__init__(error.message)
        self.line = line
        self.error = error


@contextmanager
def refused_by_line(line: int) -> Iterator[None]:
    """Name the line of errors that are raised within."""
    try:
        yield
    except DomainError as error:
        raise LineRefusedError(line, error) from error


@dataclass(kw_only=True, slots=True)
class ToolCallRecord:
    """A tool call: columns of `ToolCall`, and whether a person is asked before it runs."""

    tool_name: str
    tool_call_id: str | None = None
    tool_type: str | None = None
    arguments: Any = None
    result: Any = None
    status: ToolCallStatus | None = None
    error_type: str | None = None
    error_message: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: int | None = None
    is_asked_about: bool = False

    def columns(self) -> dict[str, Any]:
        """Give the values for the row."""
        return _columns(self, {"is_asked_about"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said of a tool call that they were asked about."""

    tool_call_id: str
    is_approved: bool
    reason: str | None = None


@dataclass(kw_only=True, slots=True)
class MessageRecord:
    """A message: columns of `Message`, its tool calls, and where it stands.

    `parts` is the provider's own item. `has_failed` is of a TOOL message: the call that it answers
    ended with an error. `place` is the path in its line, for errors.
    """

    role: MessageRole
    content: str | None = None
    parts: Any = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list[ToolCallRecord] = field(default_factory=list)
    status: MessageStatus | None = None
    error: str | None = None
    provider: str | None = None
    request_model: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    finish_reasons: list[str] | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    reasoning_output_tokens: int | None = None
    cost_usd: Decimal | None = None
    time_to_first_chunk_ms: int | None = None
    duration_ms: int | None = None
    trace_id: str | None = None
    span_id: str | None = None
    created_at: datetime | None = None
    has_failed: bool = False
    decision: Decision | None = None
    line: int = 0
    place: str = ""

    def columns(self) -> dict[str, Any]:
        """Give the arguments of `record_message`, without the session."""
        values = _columns(self, {"has_failed", "decision", "line", "place"})
        return {**values, "tool_calls": [call.columns() for call in self.tool_calls]}


@dataclass(slots=True)
class Turn:
    """What was said at once: messages, and the history that was sent along with them.

    Only what is new of the history is recorded.
    """

    messages: list[MessageRecord]
    history: list[MessageRecord] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class SessionRecord:
    """A session with its turns in order, and the sessions below it.

    A `status` of None leaves it open. `spawned_by` is the runtime's id of the parent's tool call
    that started it.
    """

    name: str
    turns: list[Turn]
    agent: str | None = None
    user_id: str | None = None
    title: str | None = None
    tags: list[str] | None = None
    metadata: Any = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    status: SessionStatus | None = SessionStatus.COMPLETED
    spawned_by: str | None = None
    children: list["SessionRecord"] = field(default_factory=list)


def _columns(record: Any, besides: set[str]) -> dict[str, Any]:
    return {
        each.name: getattr(record, each.name) for each in fields(record) if each.name not in besides
    }
