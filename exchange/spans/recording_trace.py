"""Records the spans of a trace as sessions, messages and tool calls."""

from asyncpg import IntegrityConstraintViolationError

from exchange.spans.added import Added
from exchange.spans.kept_spans import lock_trace, mark_recorded, operations_of, spans_of_trace
from exchange.spans.placing import Trace
from exchange.spans.span_recorder import SpanRecorder
from resolvers.batch import start_batch
from resolvers.errors import DomainError
from resolvers.recording import Answer, Recording
from resolvers.transaction import domain_error

_BATCH = 50
"""Spans that one transaction records."""


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
                recorder = SpanRecorder.of(alone, trace, span, operations[span.id])
                await recorder.record()
                await alone.flush()
            added += recorder.added
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
