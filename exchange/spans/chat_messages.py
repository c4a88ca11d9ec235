"""Messages of spans as arguments of `record_message`.

A message of the GenAI conventions is `{role, parts, finish_reason}`; a part is `text`, `reasoning`,
`tool_call` (`id`, `name`, `arguments`), `tool_call_response` (`id`, `response`, which some call
`result`), or another. The older events have a `content`, and `tool_calls` as chat completions do.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from exchange.spans.operation import structure_of, without_nulls, written
from models import MessageRole

_ROLES = {
    **{role.value.lower(): role.value for role in MessageRole},
    "human": "USER",
    "ai": "ASSISTANT",
    "model": "ASSISTANT",
    "function": "TOOL",
}
_TOOL_ROLE = MessageRole.TOOL.value
_ANSWER = "tool_call_response"


def read_message(message: Mapping[str, Any], role: str = "user") -> Iterator[dict[str, Any]]:
    """Read a message, whose role is `role` where it names none.

    Each result of a tool that is one of its parts is a TOOL message of its own.
    """
    named = message.get("role")
    own_role = _ROLES.get(str(named or role).lower(), _ROLES[role])
    parts = _parts(message)
    if own_role == _TOOL_ROLE and not any(part.get("type") == _ANSWER for part in parts):
        yield _answer(message, {"id": message.get("id") or message.get("tool_call_id")}, parts)
        return
    others = [part for part in parts if part.get("type") != _ANSWER]
    for part in parts:
        if part.get("type") == _ANSWER:
            yield _answer({"role": named, "parts": [part]}, part, None)
    if others or len(others) == len(parts):
        yield _said(message, own_role, others)


def _parts(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts: Any = structure_of(message.get("parts"))
    if parts is None:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "content": content}]
        parts = [*parts, *_older_calls(message)]
    if not isinstance(parts, list):
        parts = [{"type": "text", "content": written(parts)}]
    return [part if isinstance(part, dict) else {"type": "text", "content": part} for part in parts]


def _older_calls(message: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    calls = structure_of(message.get("tool_calls"))
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, dict):
            named = call["function"] if isinstance(call.get("function"), dict) else call
            yield {
                "type": "tool_call",
                "id": call.get("id"),
                "name": named.get("name"),
                "arguments": named.get("arguments"),
            }


def _text(parts: list[dict[str, Any]]) -> str | None:
    texts = [
        part.get("content", part.get("text"))
        for part in parts
        if part.get("type") in {"text", "output_text", "input_text", None}
    ]
    return "\n".join(text for text in texts if isinstance(text, str)) or None


def _answer(
    message: Mapping[str, Any], part: Mapping[str, Any], parts: list[dict[str, Any]] | None
) -> dict[str, Any]:
    given = _text(parts) if parts is not None else part.get("response", part.get("result"))
    return without_nulls(
        {
            "role": _TOOL_ROLE,
            "name": _name(part) or _name(message),
            "tool_call_id": _name(part, "id"),
            "content": written(given),
            "parts": message,
        }
    )


def _said(message: Mapping[str, Any], role: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    calls = [_call(part) for part in parts if part.get("type") == "tool_call"]
    said: dict[str, Any] = {
        "role": role,
        "name": _name(message),
        "content": _text(parts),
        "parts": message,
    }
    if calls and role == MessageRole.ASSISTANT:
        said["tool_calls"] = calls
    return without_nulls(said)


def _call(part: Mapping[str, Any]) -> dict[str, Any]:
    return without_nulls(
        {
            "tool_name": _name(part) or "unknown",
            "tool_call_id": _name(part, "id"),
            "arguments": structure_of(part.get("arguments")),
        }
    )


def _name(holder: Mapping[str, Any], member: str = "name") -> str | None:
    name = holder.get(member)
    return name if isinstance(name, str) and name.strip() else None
