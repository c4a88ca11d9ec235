"""Memories, their accesses and annotations."""

import math
from typing import Any

from exchange.prisma.converted import (
    Converted,
    metadata,
    name_or_none,
    need,
    required_time,
    score,
    time_or_kept,
    without_metadata,
)
from exchange.prisma.source_values import SourceRow
from models import AnnotatorKind, Memory, MemoryAccess, MemoryAnnotation
from resolvers.errors import Invalid
from resolvers.validation import MAXIMUM_EMBEDDING_NUMBERS

_LARGEST = 3.4e38


def convert_memory(row: SourceRow) -> Converted:
    """Convert a row of `InteractionMemory`.

    `relatedMemories` stays in the metadata, and so do counts of accesses that the source has no
    rows for (`arrange`).
    """
    kept = metadata(row)
    if row.document("content") is None:
        raise Invalid("Must not be null.", field="content")
    related = row.document("relatedMemories")
    if related is not None:
        kept["relatedMemories"] = related
    if row.get("accessCount"):
        kept["accessCount"] = row.get("accessCount")
    made_at = required_time(row)
    values = {
        "user_id": name_or_none(row, "userId"),
        "type": need(row, "type"),
        "memory_type": name_or_none(row, "memoryType"),
        "content": row.letters("content"),
        "importance": score(row, "importance", kept),
        "confidence": score(row, "confidence", kept),
        "source_type": name_or_none(row, "sourceType"),
        "embedding": _embedding(row, kept),
        "last_accessed_at": time_or_kept(row, "lastAccessedAt", kept),
        "expires_at": time_or_kept(row, "expiresAt", kept),
        "created_at": made_at,
        "updated_at": time_or_kept(row, "updatedAt", kept) or made_at,
        "metadata": kept,
    }
    return Converted(
        {Memory: values},
        session=row.get("sessionId"),
        agent=name_or_none(row, "agentId"),
        others=_texts(related),
    )


def _embedding(row: SourceRow, kept: dict[str, Any]) -> list[float] | None:
    given = row.get("embedding") or None
    if given is None:
        return None
    is_vector = len(given) <= MAXIMUM_EMBEDDING_NUMBERS and all(
        isinstance(number, (int, float)) and math.isfinite(number) and abs(number) <= _LARGEST
        for number in given
    )
    if is_vector:
        return [float(number) for number in given]
    kept["embedding"] = given
    row.notes.append("embedding is no list of numbers; kept as metadata.embedding")
    return None


def _texts(document: Any) -> list[str]:
    """Give all texts in a JSON document, as ids of others may stand anywhere in it."""
    found: list[str] = []
    level: list[Any] = [document]
    while level:
        item = level.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, list):
            level.extend(item)
        elif isinstance(item, dict):
            found.extend(item)
            level.extend(item.values())
    return found


def convert_memory_access(row: SourceRow) -> Converted:
    """Convert a row of `MemoryAccess`."""
    without_metadata(row)
    values = {
        "access_type": need(row, "accessType"),
        "accessed_by": name_or_none(row, "accessedBy"),
        "accessor_type": name_or_none(row, "accessorType"),
        "context": row.letters("context"),
        "usefulness": score(row, "usefulness", None),
        "occurred_at": required_time(row),
    }
    return Converted({MemoryAccess: values}, owner=need(row, "memoryId"))


def convert_memory_annotation(row: SourceRow) -> Converted:
    """Convert a row of `MemoryAnnotation`. Who made it is a HUMAN, unless it is an agent's id."""
    without_metadata(row)
    if row.document("content") is None:
        raise Invalid("Must not be null.", field="content")
    made_at = required_time(row)
    applied_at = time_or_kept(row, "appliedAt", None)
    is_applied = bool(row.get("isApplied"))
    if is_applied and applied_at is None:
        row.notes.append("isApplied without appliedAt: applied when it was made")
        applied_at = made_at
    elif not is_applied and applied_at is not None:
        row.notes.append("appliedAt without isApplied is not carried")
        applied_at = None
    values = {
        "annotation_type": need(row, "annotationType"),
        "content": row.letters("content"),
        "annotator_kind": AnnotatorKind.HUMAN,
        "created_by": name_or_none(row, "createdById"),
        "is_applied": is_applied,
        "applied_at": applied_at,
        "created_at": made_at,
    }
    return Converted({MemoryAnnotation: values}, owner=need(row, "memoryId"))
