"""JSON documents as the server can keep them, and as a dashboard can show them."""

import json
import re
from math import isfinite
from typing import Any

_MOST_LEVELS = 50
"""The server takes 64, and a document stands a few levels deep in a request."""
_MOST_SHOWN_LEVELS = 30
_LIMIT = 2**63
_MOST_CHARACTERS = 1_000_000
_REFUSED = re.compile("[\0\ud800-\udfff]")


def to_stored(document: Any) -> Any:
    """Give the document itself if the server keeps it to the letter, and else its JSON text.

    The text is for what the database refuses: NUL characters, numbers that are too large or none,
    documents that are too deep. The document must not itself be a string.
    """
    return document if _is_kept(document, _MOST_LEVELS) else json.dumps(document)


def from_stored(stored: Any) -> Any:
    """Give what `to_stored` was given."""
    return json.loads(stored) if isinstance(stored, str) else stored


def is_text(text: str) -> bool:
    """Tell if the server takes the text: it has neither NUL characters nor lone surrogates."""
    return _REFUSED.search(text) is None


def is_name(text: str | None) -> bool:
    """Tell if the server takes the text as a name: 1 to 512 characters."""
    return text is not None and 1 <= len(text) <= 512 and is_text(text)


def show_text(text: str) -> str:
    """Give a text that the server takes: U+FFFD for what it refuses, cut at a million characters."""
    shown = _REFUSED.sub("\N{REPLACEMENT CHARACTER}", text)
    return shown if len(shown) <= _MOST_CHARACTERS else shown[: _MOST_CHARACTERS - 1] + "…"


def show_json(value: Any, levels: int = _MOST_SHOWN_LEVELS) -> Any:
    """Give a JSON value that the server takes; its texts as `show_text` gives them.

    What is nested deeper than 30 levels, and a number that the server refuses, is shown as text.
    """
    if isinstance(value, str):
        return show_text(value)
    if isinstance(value, dict | list) and not levels:
        return show_text(json.dumps(value))
    if isinstance(value, dict):
        return {show_text(key): show_json(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list):
        return [show_json(each, levels - 1) for each in value]
    return value if value is None or _is_number(value) else str(value)


def _is_kept(value: Any, levels: int) -> bool:
    if isinstance(value, str):
        return is_text(value)
    if isinstance(value, dict):
        return levels > 0 and all(
            is_text(key) and _is_kept(each, levels - 1) for key, each in value.items()
        )
    if isinstance(value, list):
        return levels > 0 and all(_is_kept(each, levels - 1) for each in value)
    return value is None or _is_number(value)


def _is_number(value: float) -> bool:
    return isfinite(value) and abs(value) < _LIMIT
