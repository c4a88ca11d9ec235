"""Which items a search finds, and in which order."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph.store.base import MatchCondition, SearchOp

from sessiongraph_client.langgraph.checkpoint_items import searchable
from sessiongraph_client.langgraph.store_items import StoredItem, prefix_filter


def narrowed(op: SearchOp) -> dict[str, Any]:
    """Give what the server can tell of a search: the namespace, and texts that must be equal."""
    where = prefix_filter(op.namespace_prefix)
    equal = {
        name: told["$eq"] if isinstance(told, dict) and told.keys() == {"$eq"} else told
        for name, told in (op.filter or {}).items()
    }
    if same := searchable(equal):
        encoded = {"metadata": {"contains": {"langgraph": {"encoded": True}}}}
        where = {"and": [where, {"or": [{"content": {"contains": same}}, encoded]}]}
    return where


def fits(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Whether a value is as a filter wants it. Raises `ValueError` for an unknown operator."""
    return all(_compare(value.get(name), told) for name, told in (wanted or {}).items())


def _compare(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        if any(str(name).startswith("$") for name in wanted):
            return all(_operate(value, name, operand) for name, operand in wanted.items())
        if not isinstance(value, dict):
            return False
        return all(_compare(value.get(name), told) for name, told in wanted.items())
    if isinstance(wanted, (list, tuple)):
        if not isinstance(value, (list, tuple)) or len(value) != len(wanted):
            return False
        return all(map(_compare, value, wanted))
    return bool(value == wanted)


def _operate(value: Any, operator: str, operand: Any) -> bool:
    if operator == "$eq":
        return bool(value == operand)
    if operator == "$ne":
        return bool(value != operand)
    if operator not in {"$gt", "$gte", "$lt", "$lte"}:
        raise ValueError(f"Unsupported operator: {operator}")
    try:
        one, other = float(value), float(operand)
    except (TypeError, ValueError):
        return False
    return {
        "$gt": one > other,
        "$gte": one >= other,
        "$lt": one < other,
        "$lte": one <= other,
    }[operator]


def ranked(
    op: SearchOp, candidates: Sequence[StoredItem], query: Sequence[float] | None
) -> list[tuple[StoredItem, float | None]]:
    """Give a search's page: by likeness to `query` if there is one, an item by its best vector.

    Items without a vector follow where the others do not fill the page.
    """
    if query is None:
        return [(item, None) for item in candidates[op.offset : op.offset + op.limit]]
    scored = [
        (item, max(likeness(query, vector) for vector in item.vectors))
        for item in candidates
        if item.vectors
    ]
    scored.sort(key=lambda each: each[1], reverse=True)
    page: list[tuple[StoredItem, float | None]] = []
    page += scored[op.offset : op.offset + op.limit]
    if len(page) < op.limit:
        page += [(item, None) for item in candidates if not item.vectors][: op.limit - len(page)]
    return page


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """Give the cosine of the angle between two vectors; 0 if one has no length."""
    lengths = math.hypot(*one) * math.hypot(*other)
    product = sum(a * b for a, b in zip(one, other, strict=False))
    return product / lengths if lengths else 0.0


def matches(condition: MatchCondition, namespace: Sequence[str]) -> bool:
    """Whether a namespace is as a condition wants it; `*` stands for any label."""
    path = condition.path
    if condition.match_type not in {"prefix", "suffix"}:
        raise ValueError(f"Unsupported match type: {condition.match_type}")
    if len(namespace) < len(path):
        return False
    start = 0 if condition.match_type == "prefix" else len(namespace) - len(path)
    pairs = zip(namespace[start : start + len(path)], path, strict=True)
    return all(label in {own, "*"} for own, label in pairs)
