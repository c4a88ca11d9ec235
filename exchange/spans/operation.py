"""What a span of an agent says, in our terms and whatever vocabulary it was in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson


class OperationKind(StrEnum):
    """What we record of a span."""

    AGENT = "invoke_agent"
    CHAT = "chat"
    TOOL = "execute_tool"
    NEW_AGENT = "create_agent"


@dataclass(slots=True, kw_only=True)
class Operation:
    """An operation of an agent; all of it is JSON but the times and the cost.

    `input` and `output` are messages as arguments of `record_message`; `tool` is the arguments of a
    tool call, `agent` those of `create_agent`. `usage` is columns of `Message` that the first
    output has beside its own.
    """

    kind: OperationKind
    name: str
    started_at: datetime
    ended_at: datetime
    conversation: str | None = None
    user_id: str | None = None
    agent: dict[str, Any] | None = None
    instructions: str | None = None
    input: list[dict[str, Any]] = field(default_factory=list)
    output: list[dict[str, Any]] = field(default_factory=list)
    usage: dict[str, Any] = field(default_factory=dict)
    tool: dict[str, Any] = field(default_factory=dict)
    has_failed: bool = False
    error_type: str | None = None
    error_message: str | None = None

    @property
    def duration_ms(self) -> int:
        """How long it took, in whole milliseconds."""
        return round((self.ended_at - self.started_at) / timedelta(milliseconds=1))

    def write(self) -> str:
        """Write it as JSON. Raises `TypeError` for what cannot be."""
        return orjson.dumps(self, default=str).decode()

    @classmethod
    def read(cls, text: str) -> "Operation":
        """Read what `write` wrote."""
        members = orjson.loads(text)
        members["kind"] = OperationKind(members["kind"])
        for name in ("started_at", "ended_at"):
            members[name] = datetime.fromisoformat(members[name])
        usage = members["usage"]
        if usage.get("cost_usd") is not None:
            usage["cost_usd"] = Decimal(usage["cost_usd"])
        return cls(**members)


def first(attributes: Mapping[str, Any], *names: str) -> Any:
    """Give the first of some attributes that is there and not empty."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value
    return None


def text_of(attributes: Mapping[str, Any], *names: str) -> str | None:
    """Give the first of some attributes that is text."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def count_of(attributes: Mapping[str, Any], *names: str) -> int | None:
    """Give the first of some attributes that is a count."""
    value = first(attributes, *names)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


_COST_PLACES = Decimal("0.000000000001")


def cost_of(attributes: Mapping[str, Any], *names: str) -> Decimal | None:
    """Give the first of some attributes as an amount in US dollars."""
    value = first(attributes, *names)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 10**9:
        return None
    return Decimal(str(value)).quantize(_COST_PLACES).normalize()


def structure_of(value: Any) -> Any:
    """Give what a value says that may be JSON in a string; text that is no JSON as it is."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except ValueError:
        return value


def document_of(value: Any) -> Any:
    """Give an object or a list that may be JSON in a string, and any other value as it is."""
    parsed = structure_of(value)
    return parsed if isinstance(parsed, (dict, list)) else value


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Give the objects of a list, which may be JSON in a string."""
    found = structure_of(value)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []
    return [item for item in map(structure_of, found) if isinstance(item, dict)]


def written(value: Any) -> str | None:
    """Give a value as the content of a message: text as it is, others as JSON."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value, default=str).decode()


def without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is None."""
    return {name: value for name, value in values.items() if value is not None}
