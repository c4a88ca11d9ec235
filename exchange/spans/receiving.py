"""Receives spans: keeps them all, then records those whose place is known.

What was kept is safe: what cannot be recorded at once is recorded later by whoever sweeps.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from exchange.spans.added import Added
from exchange.spans.gen_ai import conversation_of, read_gen_ai
from exchange.spans.kept_spans import find_waiting, id_of, keep_spans, trace_of
from exchange.spans.open_inference import read_open_inference
from exchange.spans.operation import Operation
from exchange.spans.reading import Export
from exchange.spans.recording_trace import describe, record_trace
from exchange.spans.span import Span
from models import Agent, Message, ToolCall
from resolvers.context import Context
from resolvers.errors import DomainError, Invalid
from resolvers.identifiers import table_of
from resolvers.lookup import check_own_name
from resolvers.pace import Pace
from resolvers.transaction import record
from resolvers.validation import check_name, check_values


@dataclass(slots=True)
class Received:
    """What became of spans: how many of each kind, and why some were refused."""

    recorded: int = 0
    """With those that had waited for these."""
    waiting: int = 0
    """They are kept until their parents come, or do not come in time."""
    duplicate: int = 0
    ignored: int = 0
    """They tell nothing of an agent."""
    refusals: list[str] = field(default_factory=list)
    added: Added = field(default_factory=Added)
    waiting_traces: set[bytes] = field(default_factory=set)

    def count(self, recorded: "Recorded") -> None:
        """Count what became of spans that were kept."""
        self.recorded += len(recorded.ids) - len(recorded.refusals)
        self.refusals += recorded.refusals.values()
        self.added += recorded.added


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of some spans of a trace that were kept: ids, and why some were refused."""

    ids: list[bytes]
    refusals: dict[bytes, str]
    added: Added


async def receive(context: Context, export: Export) -> Received:
    """Take in the spans of an export. Raises what the database raises; then nothing is lost.

    All may be sent again after that: what is there already is known.
    """
    received = Received(refusals=list(export.refusals))
    told: list[tuple[Span, Operation | None, str | None]] = []
    pace = Pace()
    for span in export.spans:
        await pace.keep()
        try:
            operation = read_operation(span)
        except DomainError as error:
            received.refusals.append(f"{span.name[:100]}: {describe(error)}")
            continue
        told.append((span, operation, operation.conversation if operation else _named(span)))
        received.ignored += operation is None
    if not told:
        return received
    kept = (await record(context, "keepSpans", keep_spans, {"spans": told}))["kept"]
    given = {id_of(span) for span, operation, _ in told if operation is not None}
    received.duplicate = sum(operation is not None for _, operation, _ in told) - len(given & kept)
    done: set[bytes] = set()
    # in the order of turns: one repeats what was said in those before it
    spans = sorted((span for span, _, _ in told), key=lambda span: span.started_at)
    trace_ids = list(dict.fromkeys(span.trace_id for span in spans))
    waiting_for = await record(context, "findWaiting", find_waiting, {"trace_ids": trace_ids})
    for trace_id in waiting_for["traces"]:
        async for recorded in record_ready(context, trace_id):
            done.update(recorded.ids)
            received.count(recorded)
    waiting = (given & kept) - done
    received.waiting = len(waiting)
    received.waiting_traces = {trace_of(span_id) for span_id in waiting}
    return received


def read_operation(span: Span) -> Operation | None:
    """Read what a span says in whichever vocabulary; None where it tells nothing of an agent.

    Raises `Invalid` for what could not be recorded.
    """
    try:
        operation = read_gen_ai(span) or read_open_inference(span)
    except (RecursionError, UnicodeEncodeError) as error:
        raise Invalid("A value is nested too deep, or is not valid text.") from error
    if operation is not None:
        _check(operation)
    return operation


def _named(span: Span) -> str | None:
    """Give the conversation that a link names, if it can be one."""
    name = conversation_of(span.attributes)
    try:
        if name is not None:
            check_name(name, "attributes")
    except Invalid:
        return None
    return name


def _check(operation: Operation) -> None:
    """Check what is to be recorded by the columns that it goes to. Raises `Invalid`."""
    for name in (operation.conversation, operation.user_id):
        if name is not None:
            check_name(name, "attributes")
    if operation.agent is not None:
        check_own_name(operation.agent["agent_id"], "agentId")
        check_values(table_of(Agent), operation.agent)
    if operation.instructions is not None:
        check_values(table_of(Message), {"content": operation.instructions})
    messages = [*operation.input, *operation.output, operation.usage]
    messages.append({"error": operation.error_message})
    calls = [{**operation.tool, "error_type": operation.error_type}]
    for message in messages:
        values = dict(message)
        calls += values.pop("tool_calls", ())
        check_values(table_of(Message), values)
    for call in calls:
        check_values(table_of(ToolCall), call, is_change=True)
        if call.get("tool_call_id") is not None:
            check_own_name(call["tool_call_id"], "toolCallId")


async def record_ready(
    context: Context, trace_id: bytes, *, waits: bool = True
) -> AsyncIterator[Recorded]:
    """Record what is ready of a trace, in transactions of a bounded number of spans.

    All of it is ready if one `waits` no more for what may come.
    """
    more = True
    while more:
        given = {"trace_id": trace_id, "waits": waits}
        answer = await record(context, "recordSpans", record_trace, given)
        yield Recorded(answer["recorded"], answer["refusals"], answer["added"])
        more = answer["more"]
