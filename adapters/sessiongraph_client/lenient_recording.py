"""Records of which some are required, and others are told beside them if they can be.

What a framework has to find again is required; what a dashboard sees of it is told, and must never
keep the framework from storing.
"""

import json
import logging
import re
from collections.abc import Sequence

from sessiongraph_client.client import BATCH_LIMIT, SessiongraphClient
from sessiongraph_client.errors import Conflict, InvalidInput, Limited, NotFound, SessiongraphError
from sessiongraph_client.schema_types import BatchRecordInput

_logger = logging.getLogger(__name__)

_MOST_CHARACTERS = 8_000_000
"""Of the records of a request, as JSON in ASCII; the server takes 10,000,000 bytes."""
_MOST_REFUSALS = 20
"""After so many refusals what is left of the told records is left out at once."""
_FIELD = re.compile(r"records\.(\d+)(?:\.\w+\.(\w+))?")
_MAY_LACK = frozenset(
    {"agent", "content", "name", "requestModel", "responseId", "spawnedByToolCall", "toolCall"}
    | {"toolCallId", "toolCalls"}
    | {"inputTokens", "outputTokens", "cacheReadInputTokens", "reasoningOutputTokens"}
)
"""The fields without which a record is still worth telling."""


async def record_leniently(
    client: SessiongraphClient,
    required: Sequence[BatchRecordInput],
    told: Sequence[BatchRecordInput] = (),
) -> None:
    """Record in one transaction what is required, and what is told beside it.

    Of a told record that the server refuses, the field at fault is left out, or else the record;
    the log of this module tells it. Raises what the server says of what is required: then nothing
    of it is recorded. Of more than one request takes (1,000 records, 8,000,000 characters), as many
    of the required records as it takes stand together at the end, and those before them are
    recorded before: put last what makes them seen. What there is no room for of the told ones
    follows, and nothing is raised of it.
    """
    last, *before = (batch[::-1] for batch in divide(required[::-1]))
    for batch in reversed(before):
        await client.record_batch(batch)
    beside, *after = divide(told, beside=last)
    await _record(client, last, beside)
    for batch in after:
        try:
            await _record(client, [], batch)
        except SessiongraphError as error:  # what is required is recorded
            _logger.warning("%s records are left out: %s", len(batch), error)


def divide(
    records: Sequence[BatchRecordInput], *, beside: Sequence[BatchRecordInput] = ()
) -> list[list[BatchRecordInput]]:
    """Divide records, in order, into lists that a request takes each, the first with `beside`.

    The first list may be empty. A record that is too large by itself is alone in its list.
    """
    batches: list[list[BatchRecordInput]] = [[]]
    count, size = len(beside), sum(map(_size, beside))
    for record in records:
        its_size = _size(record)
        if count and (count == BATCH_LIMIT or size + its_size > _MOST_CHARACTERS):
            batches.append([])
            count = size = 0
        batches[-1].append(record)
        count += 1
        size += its_size
    return batches


def _size(record: BatchRecordInput) -> int:
    return len(json.dumps(record))


async def _record(
    client: SessiongraphClient,
    required: Sequence[BatchRecordInput],
    told: list[BatchRecordInput],
) -> None:
    for _ in range(_MOST_REFUSALS):
        if not required and not told:
            return
        try:
            await client.record_batch([*required, *told])
        except (Conflict, InvalidInput, Limited, NotFound) as error:
            found = _FIELD.match(error.field or "")
            if not told or (found and int(found[1]) < len(required)):
                raise
            if found:
                _leave_out(told, int(found[1]) - len(required), found[2], error)
            else:
                _logger.warning("%s records are left out: %s", len(told), error)
                told = []
        else:
            return
    _logger.warning("%s records are left out: too many were refused", len(told))
    if required:
        await client.record_batch(required)


def _leave_out(
    told: list[BatchRecordInput], index: int, name: str | None, error: SessiongraphError
) -> None:
    record = told[index]
    values = next(value for kind, value in record.items() if kind != "reference")
    kinds = ", ".join(record)
    if name in _MAY_LACK and isinstance(values, dict) and values.pop(name, None) is not None:
        _logger.warning("%s of %s is left out: %s", name, kinds, error)
        return
    del told[index]
    if "createAgent" not in record or not isinstance(error, Conflict):  # else it is there already
        _logger.warning("%s is left out: %s", kinds, error)
