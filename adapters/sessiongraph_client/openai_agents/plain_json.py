"""JSON that the database can hold."""

import json
import re
from math import isfinite
from operator import is_
from typing import Any

_MOST_LEVELS = 40
"""The server takes 64, and there are some around what is told."""
_GREATEST = 2**63
_FORBIDDEN = re.compile("[\0\ud800-\udfff]")


def clean(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """Give a JSON value that the database can hold: the same object if that is one.

    A character that cannot be stored becomes U+FFFD, a number that cannot, and what is nested
    deeper than 40 levels, its JSON as text.
    """
    if isinstance(value, dict | list):
        return _clean_within(value, levels) if levels else _clean_text(json.dumps(value))
    if isinstance(value, str):
        return _clean_text(value)
    return value if _is_storable(value) else str(value)


def _clean_within(value: Any, levels: int) -> Any:
    if isinstance(value, list):
        parts = [clean(each, levels - 1) for each in value]
        return value if all(map(is_, value, parts)) else parts
    cleaned = {_clean_text(key): clean(each, levels - 1) for key, each in value.items()}
    same = all(key in value and value[key] is each for key, each in cleaned.items())
    return value if same else cleaned


def _is_storable(value: Any) -> bool:
    if isinstance(value, float):
        return isfinite(value)
    return not isinstance(value, int) or -_GREATEST <= value < _GREATEST


def _clean_text(text: str) -> str:
    if _FORBIDDEN.search(text) is None:
        return text
    return _FORBIDDEN.sub("\ufffd", text)
