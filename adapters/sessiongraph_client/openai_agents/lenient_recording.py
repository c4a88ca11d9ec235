"""Records of which some must be recorded, and others if they can be."""

import logging
import re
from collections.abc import Sequence

from sessiongraph_client.client import BATCH_LIMIT, SessiongraphClient
from sessiongraph_client.errors import Conflict, InvalidInput, Limited, NotFound, SessiongraphError
from sessiongraph_client.openai_agents.stored_item import pack_as_text
from sessiongraph_client.schema_types import BatchRecordInput

_logger = logging.getLogger(__name__)

_MOST_REFUSALS = 20
_FIELD = re.compile(r"records\.(\d+)(?:\.(\w+)(?:\.(\w+))?)?")
_OPTIONAL = frozenset(
    {"agent", "content", "name", "requestModel", "responseId", "spawnedByToolCall", "toolCall"}
    | {"toolCallId", "toolCalls"}
    | {"inputTokens", "outputTokens", "cacheReadInputTokens", "reasoningOutputTokens"}
)


async def record_leniently(
    client: SessiongraphClient, needed: Sequence[BatchRecordInput], told: Sequence[BatchRecordInput]
) -> None:
    """Record in one transaction what is needed, and of what is told beside it what is not refused.

    `needed` are up to 1,000 records; what is told beyond a thousand together follows by itself.
    Of a told record that the server refuses, the field at fault is left out, or else the record;
    the log tells which. Raises what the server says of what is needed.
    """
    room = BATCH_LIMIT - len(needed)
    await _record(client, needed, list(told[:room]))
    if told[room:]:
        await record_leniently(client, [], told[room:])


async def _record(
    client: SessiongraphClient, needed: Sequence[BatchRecordInput], told: list[BatchRecordInput]
) -> None:
    for _ in range(_MOST_REFUSALS):
        try:
            await client.record([*needed, *told])
        except (Conflict, InvalidInput, Limited, NotFound) as error:
            found = _FIELD.match(error.field or "")
            index = int(found[1]) - len(needed) if found else None
            if index is None:
                if not told:
                    raise
                _logger.warning("%s records were left out: %s", len(told), error)
                told = []
            elif index < 0:
                if not isinstance(error, InvalidInput) or not _keep_as_text(needed[index], error):
                    raise
            else:
                _leave_out(told, index, found[3] if found else None, error)
        else:
            return
    _logger.warning("%s records were left out: too many were refused", len(told))
    await client.record(needed)


def _keep_as_text(record: BatchRecordInput, error: SessiongraphError) -> bool:
    return ".putSessionItem.value" in (error.field or "") and pack_as_text(record)


def _leave_out(
    told: list[BatchRecordInput], index: int, name: str | None, error: SessiongraphError
) -> None:
    record = told[index]
    values = next(value for kind, value in record.items() if kind != "reference")
    if name in _OPTIONAL and isinstance(values, dict) and values.pop(name, None) is not None:
        _logger.warning("%s was left out of a record: %s", name, error)
    else:
        if "createAgent" not in record or not isinstance(error, Conflict):
            _logger.warning("A record was left out: %s", error)
        del told[index]
