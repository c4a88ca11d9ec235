"""Records cut into requests that are not too large."""

import json
from collections.abc import Iterator, Sequence

from sessiongraph_client.schema_types import BatchRecordInput

MOST_CHARACTERS = 8_000_000
"""A server takes requests of 10,000,000 bytes, unless it is set otherwise."""


def split(records: Sequence[BatchRecordInput]) -> Iterator[tuple[list[BatchRecordInput], int]]:
    """Cut records where one request would grow too large; give each part with its characters."""
    batch: list[BatchRecordInput] = []
    characters = 0
    for record in records:
        size = len(json.dumps(record))
        if batch and characters + size > MOST_CHARACTERS:
            yield batch, characters
            batch, characters = [], 0
        batch.append(record)
        characters += size
    if batch:
        yield batch, characters
