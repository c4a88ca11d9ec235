"""What the readers of all formats do with JSON values: check them, and take texts and times out."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from exchange.records import MessageRecord
from models import MessageRole, MessageStatus, SessionStatus
from resolvers.errors import Invalid
from resolvers.validation import check_json

_KINDS: dict[type[Any], str] = {str: "text", list: "a list", dict: "an object"}
_ROLES = {role.value.lower(): role for role in MessageRole}
_YEARS = range(1900, 2200)


def require(holder: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """Give a member of a kind. Raises `Invalid`."""
    found = holder.get(name)
    if not isinstance(found, kind):
        raise Invalid(f"Must be {_KINDS[kind]}.", field=name)
    return found


def optional(holder: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """Give a member of a kind, or None if it is null or left out. Raises `Invalid`."""
    return None if holder.get(name) is None else require(holder, name, kind)


def objects(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Give a list of objects; none if it is null or left out. Raises `Invalid`."""
    found = optional(holder, name, list) or []
    for index, item in enumerate(found):
        if not isinstance(item, dict):
            raise Invalid("Must be an object.", field=f"{name}.{index}")
    return list(found)


def member(holder: Any, *names: str) -> Any:
    """Give a member of members, or None where there is none."""
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return holder


def text(value: Any) -> str | None:
    """Give what is text and not empty."""
    return value if isinstance(value, str) and value else None


def count(value: Any) -> int | None:
    """Give what is a whole number."""
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if is_whole and not isinstance(value, bool) else None


def role(holder: Mapping[str, Any]) -> MessageRole:
    """Give the role of a message. Raises `Invalid`."""
    found = _ROLES.get(require(holder, "role", str))
    if found is None:
        raise Invalid(f"Must be one of {', '.join(_ROLES)}.", field="role")
    return found


def moment(value: Any, field: str) -> datetime | None:
    """Give a time: seconds since 1970, or RFC 3339; UTC where no zone is told. Raises `Invalid`."""
    if value is None:
        return None
    try:
        if isinstance(value, str):
            told = datetime.fromisoformat(value)
            time = told if told.tzinfo else told.replace(tzinfo=UTC)
        else:
            time = datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise Invalid("Must be a time.", field=field) from error
    if time.year not in _YEARS:
        raise Invalid("Must lie between the years 1900 and 2200.", field=field)
    return time


def milliseconds(start: datetime | None, end: datetime | None) -> int | None:
    """Give the time from start to end, None if it is not known, negative or too long to store."""
    if start is None or end is None:
        return None
    taken = round((end - start).total_seconds() * 1000)
    return taken if 0 <= taken < 2**31 else None


def content_text(content: Any, field: str = "content") -> str | None:
    """Give a message's text: of a list of parts, that of its text parts. Raises `Invalid`."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise Invalid("Must be text, a list of parts, or null.", field=field)
    texts = [part.get("text") if isinstance(part, dict) else part for part in content]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def arguments(value: Any, field: str) -> Any:
    """Give arguments to store: JSON to the letter; text that is no JSON as a JSON string."""
    if not isinstance(value, str):
        return value
    try:
        parsed = orjson.loads(value)
    except ValueError:
        return value
    check_json(parsed, field)
    return orjson.Fragment(value)


def write(value: Any) -> bytes:
    """Write a value as JSON. Raises `Invalid` if it is nested too deep."""
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise Invalid("Nested too deep.") from error


def identifier(holder: Mapping[str, Any], name: str) -> str | None:
    """Give a name that others chose; None if it is null, empty or left out. Raises `Invalid`."""
    return optional(holder, name, str) or None


def outcome(messages: Iterable[MessageRecord]) -> SessionStatus | None:
    """Give the status of a session by its last answer; None if a person's decision is open."""
    status: SessionStatus = SessionStatus.COMPLETED
    asked: set[str | None] = set()
    for message in messages:
        if message.role is MessageRole.ASSISTANT:
            is_error = message.status is MessageStatus.ERROR
            status = SessionStatus.FAILED if is_error else SessionStatus.COMPLETED
        asked |= {call.tool_call_id for call in message.tool_calls if call.is_asked_about}
        if message.decision is not None:
            asked.discard(message.decision.tool_call_id)
    return None if asked else status
