"""What the framework's items say: messages, tool calls and their outputs.

The items are those of OpenAI's Responses API (`ResponseInputItemParam`). Nothing here raises,
whatever an item looks like: what is not understood is None.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from agents.models.fake_id import FAKE_RESPONSES_ID

from sessiongraph_client.schema_types import MessageRole, ToolCallInput

_ROLES: dict[str, MessageRole] = {
    "assistant": "ASSISTANT",
    "developer": "DEVELOPER",
    "system": "SYSTEM",
    "tool": "TOOL",
    "user": "USER",
}
_ENDED_WITH_THE_RESPONSE = frozenset(
    {
        "code_interpreter_call",
        "file_search_call",
        "image_generation_call",
        "mcp_call",
        "web_search_call",
    }
)
"""Calls that the provider has run: the item holds what came of it."""
_OUTPUTS = frozenset({"mcp_approval_response", "tool_search_output"})
_NOT_ARGUMENTS = frozenset(
    {
        "call_id",
        "caller",
        "created_by",
        "error",
        "id",
        "name",
        "output",
        "outputs",
        "result",
        "results",
        "status",
        "type",
    }
)


class Output(NamedTuple):
    """What came of a tool call, and the call's id if it is told."""

    call_id: str | None
    content: str


def kind_of(item: Any) -> str:
    """Give the item's `type`; `message` for one that has a role and no type, else ""."""
    if not isinstance(item, Mapping):
        return ""
    kind = item.get("type", "message" if "role" in item else "")
    return kind if isinstance(kind, str) else ""


def role_of(item: Any) -> MessageRole | None:
    """Give the role of a message, None for another item."""
    role = item.get("role") if kind_of(item) == "message" else None
    return _ROLES.get(role) if isinstance(role, str) else None


def text_of(content: Any) -> str | None:
    """Give a content's text, with what is no text named in brackets: `[image]`."""
    if content is None:
        return None
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    return "\n".join(_text_of_part(part) for part in parts)


def _text_of_part(part: Any) -> str:
    if isinstance(part, Mapping):
        for name in ("text", "refusal"):
            if isinstance(part.get(name), str):
                return str(part[name])
        if isinstance(part.get("type"), str):
            return f"[{part['type'].removeprefix('input_')}]"
    return part if isinstance(part, str) else json.dumps(part)


def call_of(item: Any) -> ToolCallInput | None:
    """Give the tool call that an item is, None for another item."""
    kind = kind_of(item)
    if not kind.endswith("_call") and kind != "mcp_approval_request":
        return None
    named = item.get("name")
    call: ToolCallInput = {
        "toolName": named if isinstance(named, str) and named else kind.removesuffix("_call"),
        "toolType": kind.removesuffix("_call"),
        "arguments": _arguments_of(item),
    }
    if call_id := call_id_of(item):
        call["toolCallId"] = call_id
    if kind in _ENDED_WITH_THE_RESPONSE:
        _add_ending(call, item)
    return call


def _add_ending(call: ToolCallInput, item: Mapping[str, Any]) -> None:
    error = item.get("error")
    if error is not None or item.get("status") in ("failed", "incomplete"):
        call["status"] = "FAILED"
        call["errorMessage"] = text_of(error) or str(item.get("status"))
    else:
        call["status"] = "SUCCEEDED"
        kept = ("output", "outputs", "results")
        call["result"] = next((item[name] for name in kept if name in item), None)


def call_id_of(item: Any) -> str | None:
    """Give the id by which a call and its output are known; the approval's id for an approval."""
    if isinstance(item, Mapping):
        for name in ("call_id", "approval_request_id", "id"):
            found = item.get(name)
            if isinstance(found, str) and found and found != FAKE_RESPONSES_ID:
                return found
    return None


def _arguments_of(item: Mapping[str, Any]) -> Any:
    if "arguments" in item:
        return _parsed(item["arguments"])
    for name in ("input", "action", "operation"):
        if name in item:
            return item[name]
    return {name: value for name, value in item.items() if name not in _NOT_ARGUMENTS}


def _parsed(arguments: Any) -> Any:
    try:
        return json.loads(arguments)
    except (TypeError, ValueError, RecursionError):
        return arguments


def output_of(item: Any) -> Output | None:
    """Give what an item tells of a tool call's outcome, None for another item."""
    kind = kind_of(item)
    if not kind.endswith("_call_output") and kind not in _OUTPUTS:
        return None
    known = item.get("call_id") or item.get("approval_request_id")
    if "output" in item:
        content = text_of(item["output"])
    else:
        content = json.dumps({key: item[key] for key in item if key not in _NOT_ARGUMENTS})
    return Output(known if isinstance(known, str) and known else None, content or "")


def handed_to(output: Output) -> str | None:
    """Give the agent's name if an output tells of a handoff (`Handoff.get_transfer_message`)."""
    told = _parsed(output.content)
    if isinstance(told, dict) and set(told) == {"assistant"} and isinstance(told["assistant"], str):
        return told["assistant"]
    return None
