"""What the server keeps of JSON documents, and how the others are kept and shown."""

import json
import math
from typing import Any

_DEEPEST = 50
"""Levels; the server takes 64."""
_LARGEST_INTEGER = 2**63
_LARGEST_FLOAT = float(2**64)
_DEEPEST_SHOWN = 30


def to_stored(document: Any) -> Any:
    """Give an object as it is if the server keeps it to the letter, and else its JSON text.

    The text is for what PostgreSQL or the server refuses: NUL characters, lone surrogates, numbers
    that are too large or none, documents that are too deep.
    """
    return document if isinstance(document, dict) and _is_kept(document) else json.dumps(document)


def from_stored(stored: Any) -> Any:
    """Give what `to_stored` was given."""
    return json.loads(stored) if isinstance(stored, str) else stored


def _is_kept(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(key, str) and _is_text(key) for key in value):
                    return False
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif not _is_value(value):
                return False
        if not below:
            return True
        level = below
    return False


def _is_value(value: Any) -> bool:
    if isinstance(value, str):
        return _is_text(value)
    if isinstance(value, float):
        return abs(value) < _LARGEST_FLOAT  # false for what is no number
    if isinstance(value, int):
        return abs(value) < _LARGEST_INTEGER
    return value is None


def _is_text(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def show_text(text: str, most: int) -> str:
    """Give a text that the server takes: `\N{REPLACEMENT CHARACTER}` for what it refuses, cut."""
    if not _is_text(text):
        text = text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text if len(text) <= most else text[: most - 1] + "…"


def show_json(value: Any, most: int, depth: int = 0) -> Any:
    """Give a document that the server takes; each text in it as `show_text` gives it."""
    if isinstance(value, str):
        return show_text(value, most)
    if depth > _DEEPEST_SHOWN:
        return show_text(json.dumps(value), most)
    if isinstance(value, dict):
        return {
            show_text(str(name), most): show_json(each, most, depth + 1)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [show_json(each, most, depth + 1) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if _is_value(value) else str(value)
