"""The table of spans: keeps those that arrive, and gives those of a trace.

What is done with a trace is done under its lock, so that no two processes record a span twice.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    LargeBinary,
    Row,
    func,
    literal,
    select,
    text,
    update,
)

from exchange.spans.operation import Operation, OperationKind
from exchange.spans.span import Span
from models import Span as KeptSpan
from resolvers.identifiers import table_of
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording

WAIT_SECONDS = 30
"""How long a span waits for its parents, which end after it and so are exported later."""

_ROWS = 1_000
_SPANS = table_of(KeptSpan).c
_TRACE_ID_BYTES = 16
TRACE_OF_SPAN = func.substring(_SPANS.id, 1, _TRACE_ID_BYTES)
"""The trace's id of the id under which a span is kept."""
_FIRST, _LAST = bytes(8), b"\xff" * 8


def id_of(span: Span) -> bytes:
    """Give the id under which a span is kept."""
    return span.trace_id + span.span_id


def trace_of(span_id: bytes) -> bytes:
    """Give the trace's id of the id under which a span is kept."""
    return span_id[:_TRACE_ID_BYTES]


@dataclass(frozen=True, slots=True)
class KnownSpan:
    """A span of a trace as it is kept, without what is to be recorded of it."""

    id: bytes
    parent_id: bytes | None
    kind: OperationKind | None
    conversation: str | None
    tool_call_id: str | None
    started_at: datetime
    is_waiting: bool
    is_late: bool
    """Whether it waits for longer than a span may."""

    @property
    def trace_id(self) -> str:
        """The id of its trace, as others write it."""
        return self.id[:_TRACE_ID_BYTES].hex()

    @property
    def span_id(self) -> str:
        """Its own id, as others write it."""
        return self.id[_TRACE_ID_BYTES:].hex()


_KEEP = text("""
    INSERT INTO spans (
        project_id, id, parent_id, kind, conversation, tool_call_id, started_at, operation,
        recorded_at
    )
    SELECT
        :project, id, parent_id, kind, conversation, tool_call_id, started_at,
        CAST(operation AS json), CASE WHEN kind IS NULL THEN now() END
    FROM unnest(
        CAST(:ids AS bytea[]), CAST(:parent_ids AS bytea[]), CAST(:kinds AS text[]),
        CAST(:conversations AS text[]), CAST(:tool_call_ids AS text[]),
        CAST(:starts AS timestamptz[]), CAST(:operations AS text[])
    ) AS span (id, parent_id, kind, conversation, tool_call_id, started_at, operation)
    ON CONFLICT DO NOTHING RETURNING id
""")


async def keep_spans(
    recording: Recording, spans: Sequence[tuple[Span, Operation | None, str | None]]
) -> Answer:
    """Keep spans with what is to be recorded of them and the conversation that they name.

    Gives as `kept` the ids of those that were not there before. A span without an operation is a
    link, which is not waited for.
    """
    kept: set[bytes] = set()
    # in one order, in which requests wait for each other
    ordered = sorted(spans, key=lambda each: id_of(each[0]))
    for start in range(0, len(ordered), _ROWS):
        rows = [_row(*each) for each in ordered[start : start + _ROWS]]
        columns = zip(_COLUMNS, zip(*rows, strict=True), strict=True)
        values = {name: list(column) for name, column in columns}
        statement = _KEEP.bindparams(project=recording.project_id, **values)
        kept.update((await recording.execute(statement)).scalars())
    return {"kept": kept}


_COLUMNS = ("ids", "parent_ids", "kinds", "conversations", "tool_call_ids", "starts", "operations")


def _row(span: Span, operation: Operation | None, conversation: str | None) -> tuple[Any, ...]:
    return (
        id_of(span),
        span.parent_span_id and span.trace_id + span.parent_span_id,
        operation and operation.kind.value,
        conversation,
        operation and operation.tool.get("tool_call_id"),
        span.started_at,
        operation and operation.write(),
    )


async def find_waiting(recording: Recording, *, trace_ids: Sequence[bytes]) -> Answer:
    """Give as `traces` the ids of those traces that have spans that wait, in the same order.

    It is to be asked when what was kept is committed: whoever commits last sees what all have kept.
    """
    found = await recording.execute(
        select(TRACE_OF_SPAN)
        .where(
            _SPANS.project_id == recording.project_id,
            _SPANS.recorded_at.is_(None),
            any_of(trace_ids, LargeBinary) == TRACE_OF_SPAN,
        )
        .distinct()
    )
    waiting = set(found.scalars())
    return {"traces": [each for each in trace_ids if each in waiting]}


async def lock_trace(recording: Recording, trace_id: bytes) -> None:
    """Keep other processes from recording spans of a trace until the transaction ends."""
    name = sha256(b"%d/%b" % (recording.project_id, trace_id)).digest()
    key = int.from_bytes(name[:8], signed=True)
    await recording.execute(select(func.pg_advisory_xact_lock(key)))


async def spans_of_trace(recording: Recording, trace_id: bytes) -> dict[bytes, KnownSpan]:
    """Give the spans that are known of a trace, by their ids."""
    late = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, WAIT_SECONDS)
    found = await recording.execute(
        select(
            _SPANS.id,
            _SPANS.parent_id,
            _SPANS.kind,
            _SPANS.conversation,
            _SPANS.tool_call_id,
            _SPANS.started_at,
            _SPANS.recorded_at.is_(None).label("is_waiting"),
            (_SPANS.created_at <= late).label("is_late"),
        ).where(
            _SPANS.project_id == recording.project_id,
            _SPANS.id.between(trace_id + _FIRST, trace_id + _LAST),
        )
    )
    return {row.id: _known(row) for row in found}


def _known(row: Row[Any]) -> KnownSpan:
    kind = None if row.kind is None else OperationKind(row.kind)
    return KnownSpan(
        row.id,
        row.parent_id,
        kind,
        row.conversation,
        row.tool_call_id,
        row.started_at,
        row.is_waiting,
        row.is_late,
    )


async def operations_of(recording: Recording, ids: Sequence[bytes]) -> dict[bytes, Operation]:
    """Give what is to be recorded of spans, by their ids."""
    found = await recording.execute(
        select(_SPANS.id, _SPANS.operation).where(
            _SPANS.project_id == recording.project_id, _SPANS.id.in_(ids)
        )
    )
    return {row.id: Operation.read(row.operation) for row in found}


async def mark_recorded(recording: Recording, ids: Iterable[bytes]) -> None:
    """Note that spans wait no more."""
    await recording.execute(
        update(KeptSpan)
        .where(_SPANS.project_id == recording.project_id, _SPANS.id.in_(list(ids)))
        .values(recorded_at=func.now(), operation=literal(None))
    )
