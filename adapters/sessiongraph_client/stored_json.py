"""JSON documents as the server keeps them to the letter, and as a dashboard can show them."""

import json
import re
from typing import Any

_DEEPEST = 50
"""Levels; the server takes 64."""
_DEEPEST_SHOWN = 30
_LIMIT = 2**63
"""Of numbers; the server takes fractions up to 2^64."""
_REFUSED = re.compile("[\0\ud800-\udfff]")
_MOST_SHOWN = 1_000_000
_LONGEST_NAME = 512
_COST_OF_A_VALUE = 8


def to_stored(document: Any) -> Any:
    """Give the document itself if the server keeps it to the letter, and else its JSON text.

    The text is for what the server or PostgreSQL refuses: NUL characters, lone surrogates, numbers
    that are too large or none, documents that are too deep; and for documents that are null or a
    text themselves.
    """
    is_kept = document is not None and not isinstance(document, str) and _is_kept(document)
    return document if is_kept else json.dumps(document)


def from_stored(stored: Any) -> Any:
    """Give what `to_stored` was given."""
    return json.loads(stored) if isinstance(stored, str) else stored


def is_text(text: str) -> bool:
    """Tell whether the server takes a text: one without NUL characters and lone surrogates."""
    return _REFUSED.search(text) is None


def is_name(text: str | None) -> bool:
    """Tell whether the server takes a text as a name: 1 to 512 characters, not only spaces."""
    return text is not None and len(text) <= _LONGEST_NAME and text.strip() != "" and is_text(text)


def show_text(text: str, most: int = _MOST_SHOWN) -> str:
    """Give a text that the server takes: U+FFFD for what it refuses, `…` after `most` characters.

    `most` is 1 or more; the server takes 4,000,000 characters.
    """
    shown = text if len(text) <= most else f"{text[: most - 1]}…"
    return _REFUSED.sub("\N{REPLACEMENT CHARACTER}", shown)


def show_json(value: Any, most: int = _MOST_SHOWN) -> Any:
    """Give a JSON value that the server takes, of about `most` characters at most.

    Texts are shown as `show_text` does, and what comes after `most` characters as `…`. A number
    that the server refuses, and what is nested deeper than 30 levels, is shown as its JSON text.
    An object stays an object.
    """
    return _Shortened(most).show(value, _DEEPEST_SHOWN)


class _Shortened:
    """Shows a document from its beginning, as long as there is room."""

    def __init__(self, most: int) -> None:
        self._room = most

    def show(self, value: Any, levels: int) -> Any:
        self._room -= _COST_OF_A_VALUE
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict | list) and not levels:
            return self._text(json.dumps(value))
        if isinstance(value, dict):
            return self._object(value, levels)
        if isinstance(value, list):
            return self._list(value, levels)
        return value if _is_plain(value) else self._text(str(value))

    def _object(self, value: dict[Any, Any], levels: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        for name, its in value.items():
            if self._room <= 0:
                shown["…"] = "…"
                break
            shown[self._text(str(name))] = self.show(its, levels - 1)
        return shown

    def _list(self, value: list[Any], levels: int) -> list[Any]:
        shown: list[Any] = []
        for each in value:
            if self._room <= 0:
                shown.append("…")
                break
            shown.append(self.show(each, levels - 1))
        return shown

    def _text(self, text: str) -> str:
        shown = show_text(text, max(1, self._room))
        self._room -= len(shown)
        return shown


def _is_kept(document: Any) -> bool:
    level = [document]
    for _ in range(_DEEPEST):
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(name, str) and is_text(name) for name in value):
                    return False
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif not (is_text(value) if isinstance(value, str) else _is_plain(value)):
                return False
        if not below:
            return True
        level = below
    return False


def _is_plain(value: Any) -> bool:
    """Tell whether a value is null, true, false or a number that the server takes."""
    if isinstance(value, int | float):
        return abs(value) < _LIMIT  # false for NaN
    return value is None
