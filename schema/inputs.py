"""Inputs: Strawberry objects as plain values."""

from dataclasses import fields
from enum import Enum
from typing import Any

import strawberry


def unpack(given: Any) -> dict[str, Any]:
    """Give an input's fields as keyword arguments: what was left out is left out."""
    values = {item.name: getattr(given, item.name) for item in fields(given)}
    return {name: _plain(item) for name, item in values.items() if item is not strawberry.UNSET}


def _plain(item: Any) -> Any:
    if _is_input(item):
        return unpack(item)
    if isinstance(item, list) and item and _is_input(item[0]):
        return [unpack(element) for element in item]
    return item  # JSON among others, which may be nested a thousand deep


def _is_input(item: Any) -> bool:
    return hasattr(item, "__strawberry_definition__") and not isinstance(item, Enum)
