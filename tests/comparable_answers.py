"""Answers without what differs from one request to the next, to compare them."""

from collections.abc import Iterable
from typing import Any


def comparable_errors(errors: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the request's id out of errors, and sort them by where they stand.

    Fields that fail at the same time tell so in any order.
    """
    told = list(errors)
    for error in told:
        error["extensions"].pop("requestId", None)
    return sorted(told, key=lambda error: [str(key) for key in error.get("path", ())])


def comparable_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """Give a whole answer with its errors made comparable."""
    if "errors" in answer:
        answer["errors"] = comparable_errors(answer["errors"])
    return answer
