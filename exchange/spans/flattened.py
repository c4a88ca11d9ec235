"""Lists of objects that were flattened into attributes: `llm.input_messages.0.message.role`."""

from collections.abc import Mapping
from typing import Any

_MAXIMUM_ITEMS = 10_000
_MAXIMUM_DEPTH = 16


def unflatten(attributes: Mapping[str, Any], prefix: str) -> list[dict[str, Any]]:
    """Give the objects of a list whose items are `<prefix>.<index>.<name>…`.

    A name that is a number is an index in turn: `tool_calls.0.id` is a list of objects in the
    object.
    """
    members: dict[str, Any] = {}
    start = f"{prefix}."
    for name, value in attributes.items():
        if name.startswith(start):
            _put(members, name.removeprefix(start).split("."), value)
    items = _lists(members)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _put(members: dict[str, Any], path: list[str], value: Any) -> None:
    if len(path) > _MAXIMUM_DEPTH:
        return
    *above, last = path
    for name in above:
        below = members.setdefault(name, {})
        if not isinstance(below, dict):
            return
        members = below
    members[last] = value


def _lists(members: Any) -> Any:
    """Make lists of objects whose names are all indexes, in their order."""
    if not isinstance(members, dict):
        return members
    if not members or not all(name.isdecimal() and len(name) < len(str(2**31)) for name in members):
        return {name: _lists(value) for name, value in members.items()}
    ordered = sorted(members.items(), key=lambda item: int(item[0]))
    return [_lists(value) for _, value in ordered[:_MAXIMUM_ITEMS]]
