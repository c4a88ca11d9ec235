"""Odd JSON documents: what a framework's values may be, and a database may not take."""

from random import Random
from typing import Any

TEXTS = ["", " ", "Hello", "null", "{}", "\0", "\ud800", "\udfff\ud800", "\U0001f600", "\xe9"]
NUMBERS: list[float] = [
    *(0, -1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**40),
    *(0.1, -0.0, 1.0, 5e-324, 1e22, -1e300, 2.0**63, 1.5e19, float("inf"), float("nan")),
]


def nested(levels: int) -> Any:
    """Make a document of so many levels, lists and objects by turns."""
    document: Any = "bottom"
    for level in range(levels):
        document = [document] if level % 2 else {"in": document}
    return document


def draw_document(draw: Random, depth: int = 0) -> Any:
    """Draw a document; of one in two there is nothing that a database does not take."""
    kind = draw.randrange(6 if depth < 4 else 3)
    if kind == 0:
        return draw.choice(NUMBERS[:4] if draw.randrange(2) else NUMBERS)
    if kind == 1:
        return draw.choice(TEXTS[:5] if draw.randrange(2) else TEXTS)
    if kind == 2:
        return draw.choice([None, True, False])
    if kind == 3:
        return [draw_document(draw, depth + 1) for _ in range(draw.randrange(5))]
    return {
        draw.choice(["a", "value", "parts", *TEXTS]): draw_document(draw, depth + 1)
        for _ in range(draw.randrange(5))
    }
