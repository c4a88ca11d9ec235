"""Takes files in as the command does, and checks the store after that."""

from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.formats import FORMATS, recognise
from exchange.json_lines import read_lines
from exchange.transcripts import ImportedLine
from resolvers.context import Context
from tests.invariants import check_invariants


async def take_file(
    engine: AsyncEngine, file: Path, format_name: str | None = None
) -> list[ImportedLine]:
    """Import a file into the first project, in the form that it is found to have if none is told."""
    lines = read_lines(file)
    if format_name is None:
        form, lines_read = recognise(lines)
    else:
        form, lines_read = FORMATS[format_name], lines
    imported = [line async for line in form.take(Context(engine, 1), lines_read)]
    await check_invariants(engine)
    return imported
