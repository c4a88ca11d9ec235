"""Deleting what has expired: memories, module states and their snapshots.

Rows that somebody holds are left for the next time, so that nobody is waited for; whether one is
due is looked at again under its lock.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    delete,
    func,
    literal,
    literal_column,
    select,
)

from models import Memory, ModuleState, StateSnapshot
from resolvers.duty import Duty
from resolvers.identifiers import table_of
from resolvers.memory_deletion import delete_locked
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.row_slices import slices

EXPIRING: Mapping[type[Any], ColumnElement[int]] = {
    StateSnapshot: literal(1),
    ModuleState: literal_column("revision", Integer),
    Memory: literal_column("access_count", Integer),
}
"""What is deleted when its `expires_at` is past, and about how many rows hang on one."""

_BATCH = 200
_BATCH_ROWS = 2_000


async def delete_expired(recording: Recording, *, model: type[Any], duty: Duty) -> Answer:
    """Delete some of a model's rows that have expired, the first first, with what hangs on them.

    `deleted` is 0 where there are no more, or none that nobody holds. Who follows a memory is told.
    """
    columns = table_of(model).c
    found = await recording.execute(
        select(columns.id, EXPIRING[model].label("rows"))
        .where(columns.project_id == recording.project_id, columns.expires_at <= func.now())
        .order_by(columns.expires_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    expired = next(slices(found, _BATCH_ROWS), [])
    ids = [row.id for row in expired]
    if model is Memory:
        await delete_locked(recording, {memory.id: memory.rows for memory in expired}, duty)
    elif ids:
        await recording.execute(
            delete(model).where(
                columns.project_id == recording.project_id,
                columns.id == any_of(ids),
            )
        )
        recording.topics += ids
    return {"deleted": len(ids)}
