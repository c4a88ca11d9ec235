"""The own form among the forms of files that `sessiongraph import` takes."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import asyncpg

from exchange.archive.header import HEADER
from exchange.archive.restore import RestoredWhole, restore
from exchange.json_lines import Line
from exchange.transcripts import ImportedLine
from resolvers.context import Context
from resolvers.errors import Invalid

_LOST = (
    ConnectionError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""What the driver raises where the connection breaks or the server ends."""


def is_archive(document: dict[str, Any]) -> bool:
    """Tell whether a first line is the header of the own form."""
    return HEADER in document


async def import_archive(context: Context, lines: Iterable[Line]) -> AsyncIterator[ImportedLine]:
    """Restore a file; give what became of each session, and of whatever was refused."""
    number, end = 1, 0
    try:
        async for each in restore(context, lines):
            number, end = each.number, each.end
            for line in _lines(each):
                yield line
    except Invalid as error:
        yield ImportedLine(number, end, refusal=error.message)
    except _LOST:
        reason = "The connection to the database was lost; run it again, and it goes on from here."
        yield ImportedLine(number, end, refusal=reason)


def _lines(restored: RestoredWhole) -> Iterable[ImportedLine]:
    number, end = restored.number, restored.end
    if restored.refusal is not None:
        yield ImportedLine(number, end, refusal=restored.refusal)
    rows = restored.rows if restored.is_new else {}
    for place in range(restored.rows.get("session", 0)):
        # the first session tells of all messages and calls of the tree
        messages = 0 if place else rows.get("message", 0)
        tool_calls = 0 if place else rows.get("tool_call", 0)
        yield ImportedLine(number, end, messages, tool_calls, is_new=restored.is_new)
