"""Deleting rows by the thousand, a slice at a time."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import InstrumentedAttribute

from resolvers.duty import Duty
from resolvers.identifiers import table_of
from resolvers.recording import Recording

SLICE_ROWS = 500
"""The most rows that one statement deletes by themselves; what hangs on them goes with them."""


async def delete_numbered(
    recording: Recording,
    owner: InstrumentedAttribute[UUID],
    owner_id: UUID,
    *,
    number: str,
    last: int,
    duty: Duty | None = None,
) -> None:
    """Delete an owner's rows in slices; with a duty, with rests between.

    `owner` is the column that refers to the owner, which is locked, and `number` the name of the
    one that numbers its rows from 1 to `last`; an index begins with both. Few rows are left to the
    cascade of the owner's own deletion.
    """
    if last <= SLICE_ROWS:
        return
    model: type[Any] = owner.parent.class_
    columns = table_of(model).c
    for first in range(1, last + 1, SLICE_ROWS):
        await recording.execute(
            delete(model).where(
                columns.project_id == recording.project_id,
                columns[owner.key] == owner_id,
                columns[number].between(first, first + SLICE_ROWS - 1),
            )
        )
        if duty is not None:
            await duty.rest()


def slices(items: Iterable[Any], most_rows: int) -> Iterator[list[Any]]:
    """Part things that have `rows` into lists of so many rows at most, or of one thing."""
    part: list[Any] = []
    rows = 0
    for item in items:
        if part and rows + item.rows > most_rows:
            yield part
            part, rows = [], 0
        part.append(item)
        rows += item.rows
    if part:
        yield part
