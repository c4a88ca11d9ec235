"""Imports spans from a file of OTLP JSON, as the OpenTelemetry Collector's file exporter writes.

A line is an export. Its spans may be of either vocabulary (`gen_ai.py`, `open_inference.py`). What
was imported before adds nothing.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

from exchange import json_lines
from exchange.json_lines import Line, read_lines
from exchange.spans.reading import read_json
from exchange.spans.receiving import Received, receive, record_ready
from exchange.transcripts import ImportedLine
from resolvers.context import Context
from resolvers.errors import Invalid


def is_otlp(document: dict[str, Any]) -> bool:
    """Whether an object of a file is an export of traces."""
    return "resourceSpans" in document


async def import_file(context: Context, path: Path) -> AsyncIterator[ImportedLine]:
    """Import a file of exports; give what became of each. Raises `UnreadableFileError`."""
    async for imported in import_exports(context, read_lines(path)):
        yield imported


async def import_exports(context: Context, lines: Iterable[Line]) -> AsyncIterator[ImportedLine]:
    """Import exports, each of which is a line; give what became of each.

    There is one outcome for each new session and each refusal at least. Nothing that is not in the
    file is waited for: at its end, spans are placed as far as their parents are known.
    """
    waiting: dict[bytes, None] = {}
    number = end = 0
    for line in lines:
        number, end = line.number, line.end
        if line.text is None:
            yield ImportedLine(
                number, end, refusal=f"Longer than {json_lines.MAXIMUM_LINE_BYTES} bytes."
            )
            continue
        try:
            received = await receive(context, read_json(line.text))
        except Invalid as error:
            yield ImportedLine(number, end, refusal=error.message)
            continue
        waiting |= dict.fromkeys(received.waiting_traces)
        for outcome in _outcomes(received, number, end):
            yield outcome
    for trace_id in waiting:
        async for recorded in record_ready(context, trace_id, waits=False):
            late = Received()
            late.count(recorded)
            for outcome in _outcomes(late, number, end):
                yield outcome


def _outcomes(received: Received, number: int, end: int) -> Iterator[ImportedLine]:
    added = received.added
    if not received.refusals or added.messages or added.sessions:
        yield ImportedLine(number, end, added.messages, added.tool_calls, is_new=added.sessions > 0)
    for _ in range(added.sessions - 1):
        yield ImportedLine(number, end, is_new=True)
    for refusal in received.refusals:
        yield ImportedLine(number, end, refusal=refusal)
