"""Writes a file: the lines of what is selected, as they are at one moment.

Everything is read in one transaction. The rows of some wholes are read together, by a cursor for
each table, all in the order of the wholes; so what is held at a time is bounded, however large a
tree is, and small trees do not cost a statement each.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from exchange.archive.header import write_header
from exchange.archive.layout import FAMILIES, Family
from exchange.archive.row_reader import RowReader, snapshot
from exchange.archive.selection import Selection
from exchange.archive.written_lines import LineWriter, write_line
from resolvers.identifiers import PREFIXES
from resolvers.pooled_connection import connect


async def export_lines(
    engine: AsyncEngine, project_id: int, selection: Selection, exported_at: datetime
) -> AsyncGenerator[bytes, None]:
    """Give the lines of a file, each with its end.

    It may take long, and holds a connection until its end. Raises the driver's errors.
    """
    async with (
        connect(engine) as connection,
        snapshot(connection, may_take_long=True) as driver,
        aclosing(lines_of(driver, project_id, selection, exported_at)) as lines,
    ):
        async for line in lines:
            yield line


async def lines_of(
    driver: Any, project_id: int, selection: Selection, exported_at: datetime | None = None
) -> AsyncGenerator[bytes, None]:
    """Give the lines of a file from a `snapshot`; the header says when, if that is given."""
    digest, count = sha256(), 0
    line = write_header(selection.kind, exported_at)
    digest.update(line)
    yield line
    reader = RowReader(driver, project_id, selection.values)
    for family in FAMILIES:
        async for wholes in reader.groups(selection.wholes(family)):
            async with aclosing(_group(reader, selection, family, wholes)) as lines:
                async for line in lines:
                    digest.update(line)
                    count += 1
                    yield line
    yield write_line({"end": {"rows": count, "digest": f"sha256:{digest.hexdigest()}"}})


async def _group(
    reader: RowReader, selection: Selection, family: Family, wholes: Sequence[UUID]
) -> AsyncGenerator[bytes, None]:
    """Give the lines of some wholes, whole by whole, of each table by table."""
    writers = [LineWriter(PREFIXES[table]) for table in family.tables]
    rows = [reader.rows(table, selection.rows(table), wholes) for table in family.tables]
    try:
        heads = [await anext(each, None) for each in rows]
        for whole in wholes:
            for place, writer in enumerate(writers):
                head = heads[place]
                while head is not None and head["whole"] == whole:
                    yield writer.write(head)
                    head = await anext(rows[place], None)
                heads[place] = head
    finally:
        for each in rows:
            await each.aclose()
