"""Imports spans from a file of OTLP JSON, as the OpenTelemetry Collector's file exporter writes.

The file is one export, or has one a line. Its spans may be of either vocabulary (`gen_ai.py`,
`open_inference.py`). A span that is there already is known while it is kept, which is a day.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from exchange.spans.reading import read_json
from exchange.spans.receiving import Received, receive, record_ready
from exchange.transcripts import ImportedLine
from resolvers.context import Context
from resolvers.errors import Invalid

MAXIMUM_EXPORT_BYTES = 64_000_000
"""Of one export, which is what OTLP recommends for a request."""


class Line(Protocol):
    """A line of a file: its number, its text if it is not too long, and where it ends, in bytes."""

    @property
    def number(self) -> int:
        """It counts from 1."""
        ...

    @property
    def text(self) -> bytes | None:
        """None for a line that is too long."""
        ...

    @property
    def end(self) -> int:
        """How far the file is read with it."""
        ...


@dataclass(frozen=True, slots=True)
class _FileLine:
    number: int
    text: bytes | None
    end: int


def is_otlp(document: dict[str, Any]) -> bool:
    """Whether an object of a file is an export of traces."""
    return "resourceSpans" in document


async def import_file(context: Context, path: Path) -> AsyncIterator[ImportedLine]:
    """Import a file of exports; give what became of each. Raises `OSError`."""
    async for imported in import_exports(context, _lines(path)):
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
            yield ImportedLine(number, end, refusal=f"Longer than {MAXIMUM_EXPORT_BYTES} bytes.")
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


def _lines(path: Path) -> Iterator[_FileLine]:
    """Give the lines of a file that are not blank; one export over many lines is one."""
    with path.open("rb") as file:
        number, is_first = 0, True
        while line := file.readline(MAXIMUM_EXPORT_BYTES + 1):
            number += 1
            if is_first and line.strip() and not _is_whole(line):
                line += file.read(MAXIMUM_EXPORT_BYTES + 1 - len(line))
            is_whole = len(line) <= MAXIMUM_EXPORT_BYTES
            rest = line
            while not is_whole and rest and not rest.endswith(b"\n"):
                rest = file.readline(MAXIMUM_EXPORT_BYTES)
            if not is_whole or line.strip():
                is_first = False
                yield _FileLine(number, line if is_whole else None, file.tell())


def _is_whole(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except ValueError:
        return False
    return True
