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
_MOST_NAME_CHARACTERS = 512
_MOST_VALUES = 20_000
"""Of a document that is kept or shown as such; the server takes 200,000 in a request."""
_REFUSED = re.compile("[\0\ud800-\udfff]")


def to_stored(document: Any) -> Any:
    """Give the document itself if the server keeps it to the letter, and else its JSON text.

    The text is for what the server refuses: NUL characters, numbers that are too large or none,
    documents that are too deep or have too many values. The document must not itself be a string.
    """
    text = json.dumps(document)
    is_kept = count_values(text) <= _MOST_VALUES and _is_kept(document, _MOST_LEVELS)
    return document if is_kept else text


def count_values(text: str) -> int:
    """Count, from a JSON text, about how many values it has, and rather too many."""
    return text.count(",") + text.count("{") + text.count("[") + 1


def from_stored(stored: Any) -> Any:
    """Give what `to_stored` was given."""
    return json.loads(stored) if isinstance(stored, str) else stored


def is_text(text: str) -> bool:
    """Tell if the server takes the text: it has neither NUL characters nor lone surrogates."""
    return _REFUSED.search(text) is None


def is_name(text: str | None) -> bool:
    """Tell if the server takes the text as a name: 1 to 512 characters."""
    return text is not None and 1 <= len(text) <= _MOST_NAME_CHARACTERS and is_text(text)


def show_text(text: str) -> str:
    """Give a text that the server takes, of a million characters at most; U+FFFD for others."""
    shown = _REFUSED.sub("\N{REPLACEMENT CHARACTER}", text)
    return shown if len(shown) <= _MOST_CHARACTERS else shown[: _MOST_CHARACTERS - 1] + "…"


def show_json(value: Any) -> Any:
    """Give a JSON value that the server takes; its texts as `show_text` gives them.

    What is nested deeper than 30 levels, a number that the server refuses, and a value of too many
    values are shown as text.
    """
    if isinstance(value, dict | list):
        text = json.dumps(value)
        if count_values(text) > _MOST_VALUES or len(text) > _MOST_CHARACTERS:
            return show_text(text)
    return _show(value, _MOST_SHOWN_LEVELS)


def _show(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return show_text(value)
    if isinstance(value, dict | list) and not levels:
        return show_text(json.dumps(value))
    if isinstance(value, dict):
        return {show_text(key): _show(each, levels - 1) for key, each in value.items()}
    if isinstance(value, list):
        return [_show(each, levels - 1) for each in value]
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
