"""Any value of a graph as JSON that a person can read, and that the server can keep."""

import dataclasses
from collections.abc import Mapping, Sequence, Set
from datetime import date
from enum import Enum
from typing import Any

from langchain_core.messages import BaseMessage
from pydantic import BaseModel

_DEEPEST = 16
_LONGEST_TEXT = 20_000
_MOST_CHARACTERS = 200_000
_LAST_MESSAGES = 20
_LARGEST_INTEGER = 2**63


def clean(text: str) -> str:
    """Leave out what PostgreSQL cannot keep: NUL characters and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def readable(value: Any) -> Any:
    """Give a value as JSON, shortened where it is long.

    Messages are told by their ids, for they are recorded by themselves; what has no form of its own
    in JSON is told as Python prints it.
    """
    return _Reader().read(value, 0)


class _Reader:
    def __init__(self) -> None:
        self._left = _MOST_CHARACTERS

    def read(self, value: Any, depth: int) -> Any:
        if self._left <= 0 or depth > _DEEPEST:
            return "…"
        self._left -= 8
        if isinstance(value, Enum):
            value = value.value
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return value if abs(value) < _LARGEST_INTEGER else self._text(str(value))
        if isinstance(value, str):
            return self._text(value)
        return self._composed(value, depth + 1)

    def _composed(self, value: Any, depth: int) -> Any:
        if isinstance(value, BaseMessage):
            return {"message": self._text(value.id or ""), "type": value.type}
        if isinstance(value, Mapping):
            return {self._text(str(name)): self.read(its, depth) for name, its in value.items()}
        if isinstance(value, BaseModel):
            return {name: self.read(getattr(value, name, None), depth) for name in _fields(value)}
        if dataclasses.is_dataclass(value):
            fields = dataclasses.fields(value)
            return {field.name: self.read(getattr(value, field.name), depth) for field in fields}
        if isinstance(value, (Sequence, Set)) and not isinstance(value, (bytes, bytearray)):
            return self._several(list(value), depth)
        return self._text(_printed(value))

    def _several(self, values: list[Any], depth: int) -> Any:
        if values and all(isinstance(value, BaseMessage) for value in values):
            last = [self._text(value.id or "") for value in values[-_LAST_MESSAGES:]]
            return {"messageCount": len(values), "lastMessageIds": last}
        return [self.read(value, depth) for value in values]

    def _text(self, text: str) -> str:
        kept = clean(text[: max(0, min(_LONGEST_TEXT, self._left))])
        self._left -= len(kept)
        return kept if len(text) <= len(kept) + text.count("\x00") else f"{kept}…"


def _fields(model: BaseModel) -> list[str]:
    return [clean(name) for name in type(model).model_fields]


def _printed(value: Any) -> str:
    try:
        if isinstance(value, (bytes, bytearray)):
            return f"{len(value)} bytes"
        return value.isoformat() if isinstance(value, date) else repr(value)
    except Exception:  # noqa: BLE001  another's code; a value must not keep a checkpoint from being stored
        return type(value).__name__
