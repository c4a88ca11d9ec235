"""Recording what must be recorded, and beside it what a dashboard sees, if it can be."""

import json
import logging
import re
from collections.abc import Sequence

from sessiongraph_client.client import BATCH_LIMIT, SessiongraphClient
from sessiongraph_client.errors import Conflict, InvalidInput, Limited, NotFound, SessiongraphError
from sessiongraph_client.pydantic_ai.stored_json import count_values
from sessiongraph_client.schema_types import BatchRecordInput

_logger = logging.getLogger(__name__)

_MOST_RECORDS = BATCH_LIMIT - 2
"""In a batch, beside those of the session and of the conversation."""
_MOST_BYTES = 6_000_000
"""Of the records of a batch; the server takes 10,000,000 with all that is around them."""
_MOST_REFUSALS = 20
_FIELD = re.compile(r"records\.(\d+)")

_BYTES_OF_A_VALUE = 40
"""What a value counts for beside its bytes: the server takes 200,000 values in a request."""


async def record_conversation(
    client: SessiongraphClient,
    start: Sequence[BatchRecordInput],
    items: Sequence[BatchRecordInput],
    last: BatchRecordInput,
    told: Sequence[BatchRecordInput],
) -> None:
    """Record `start`, `items` and `last`, and in the same transaction what is told beside them.

    Of more than a batch can have, what of the items stands first is recorded before: nobody sees it
    until `last` is. What is left of the told records follows. A told record that the server refuses
    is left out, and the log says which. Raises what the server says of the others.
    """
    *before, remaining = _divide(items, _MOST_RECORDS, _MOST_BYTES)
    for part in before:
        await client.record([*start, *part])
        start = ()
    size = sum(map(_size, remaining))
    first, *others = _divide(told, _MOST_RECORDS - len(remaining), _MOST_BYTES - size)
    await _record(client, [*start, *remaining, last], first)
    for part in others:
        try:
            await _record(client, [], part)
        except SessiongraphError as error:  # the conversation is saved
            _logger.warning("%s records were left out: %s", len(part), error)


def _divide(
    records: Sequence[BatchRecordInput], room: int, room_bytes: int
) -> list[list[BatchRecordInput]]:
    """Divide records, in order: what there is room for, which may be nothing, then batches."""
    parts: list[list[BatchRecordInput]] = [[]]
    for record in records:
        size = _size(record)
        if not room or (size > room_bytes and (parts[-1] or len(parts) == 1)):
            parts.append([])
            room, room_bytes = _MOST_RECORDS, _MOST_BYTES
        parts[-1].append(record)
        room, room_bytes = room - 1, room_bytes - size
    return parts


def _size(record: BatchRecordInput) -> int:
    text = json.dumps(record)
    return len(text) + _BYTES_OF_A_VALUE * count_values(text)


async def _record(
    client: SessiongraphClient, needed: Sequence[BatchRecordInput], told: Sequence[BatchRecordInput]
) -> None:
    told = list(told)
    for _ in range(_MOST_REFUSALS):
        if not needed and not told:
            return
        try:
            await client.record([*needed, *told])
        except (Conflict, InvalidInput, Limited, NotFound) as error:
            found = _FIELD.match(error.field or "")
            index = int(found[1]) - len(needed) if found else None
            if not told or (index is not None and index < 0):
                raise
            if index is None:
                _logger.warning("%s records were left out: %s", len(told), error)
                told = []
            else:
                _logger.warning("A record was left out: %s", error)
                del told[index]
        else:
            return
    _logger.warning("%s records were left out: too many were refused", len(told))
    if needed:
        await client.record(needed)
