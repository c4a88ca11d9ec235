"""The own form among the forms of files that `sessiongraph import` takes."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from exchange.archive.header import HEADER
from exchange.archive.restore import restore
from exchange.json_lines import Line
from exchange.transcripts import ImportedLine
from resolvers.context import Context


def is_archive(document: dict[str, Any]) -> bool:
    """Tell whether a first line is the header of the own form."""
    return HEADER in document


async def import_archive(context: Context, lines: Iterable[Line]) -> AsyncIterator[ImportedLine]:
    """Restore a file; give what became of each session, and of whatever was refused.

    Raises as `restore` does.
    """
    async for each in restore(context, lines):
        if each.refusal is not None:
            yield ImportedLine(each.number, each.end, refusal=each.refusal)
        rows = each.rows if each.is_new else {}
        for place in range(each.rows.get("session", 0)):
            yield ImportedLine(
                each.number,
                each.end,
                messages=rows.get("message", 0) if place == 0 else 0,
                tool_calls=rows.get("tool_call", 0) if place == 0 else 0,
                is_new=each.is_new,
            )
