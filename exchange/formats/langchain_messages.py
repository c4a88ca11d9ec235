"""LangChain's messages as JSON: as a constructor, as type and data, flat, or as role and content.

::

    {"lc": 1, "type": "constructor", "id": [..., "HumanMessage"], "kwargs": {"content": ...}}
    {"type": "human", "data": {"content": ...}}
    {"type": "human", "content": ...}
    {"role": "user", "content": ...}
    ["user", ...]

Source: https://reference.langchain.com/python/langchain_core/messages, as of langchain-core 1.7.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from exchange.formats import anthropic_messages, chat_completions
from exchange.formats.reading import content_text, count, identifier, member, objects, text
from exchange.records import MessageRecord, ToolCallRecord
from models import MessageRole, ToolCallStatus
from resolvers.errors import Invalid

_ROLES = {
    "human": MessageRole.USER,
    "user": MessageRole.USER,
    "ai": MessageRole.ASSISTANT,
    "assistant": MessageRole.ASSISTANT,
    "system": MessageRole.SYSTEM,
    "developer": MessageRole.DEVELOPER,
    "tool": MessageRole.TOOL,
    "function": MessageRole.TOOL,
}


def read_langchain(message: Any, place: str) -> Iterable[MessageRecord]:
    """Read a message; one of Anthropic's with results of tools is several. Raises `Invalid`."""
    try:
        read = list(_read(message))
    except Invalid as error:
        raise error.within(place) from error
    for each in read:
        each.place = place
    return read


def _read(message: Any) -> Iterable[MessageRecord]:
    match message:
        case str():
            message = {"type": "human", "content": message}
        case [str(said_by), content]:
            message = {"role": said_by, "content": content}
    if not isinstance(message, dict):
        raise Invalid("Must be a message.")
    kind, said = _kind(message)
    role = _ROLES.get(kind)
    if role is None:
        raise Invalid("Must be a message of LangChain, or have a `role`.", field="type")
    if "role" in message and message["role"] in {
        "user",
        "assistant",
        "system",
        "developer",
        "tool",
    }:
        read = anthropic_messages.read_message if _has_blocks(said) else _read_chat
        for each in read(message, ""):
            each.provider = None
            yield each
        return
    yield MessageRecord(
        role=role,
        content=content_text(said.get("content")),
        name=identifier(said, "name"),
        parts=message,
        tool_call_id=identifier(said, "tool_call_id") if role is MessageRole.TOOL else None,
        tool_calls=_tool_calls(said) if role is MessageRole.ASSISTANT else [],
        has_failed=role is MessageRole.TOOL and said.get("status") == "error",
        **_answer(said),
    )


def _read_chat(message: dict[str, Any], _place: str) -> Iterable[MessageRecord]:
    yield chat_completions.read_message(message)


def _kind(message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Give the type of a message and what it says, whichever form it has."""
    path = message.get("id")
    if message.get("type") == "constructor" and isinstance(path, list) and path:
        said = member(message, "kwargs") or {}
        kind = str(path[-1]).removesuffix("Chunk").removesuffix("Message").lower()
    elif isinstance(message.get("data"), dict):
        said, kind = message["data"], str(message.get("type"))
    else:
        said, kind = message, str(message.get("role") or message.get("type"))
    kind = kind.removesuffix("MessageChunk").lower()
    return (str(said.get("role")) if kind == "chat" else kind), said


def _has_blocks(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(
        str(member(block, "type")).endswith(("tool_use", "tool_result")) for block in content
    )


def _tool_calls(said: dict[str, Any]) -> list[ToolCallRecord]:
    calls = [_tool_call(call) for call in objects(said, "tool_calls")]
    for told in objects(said, "invalid_tool_calls"):
        call = _tool_call(told)
        call.status, call.error_type = ToolCallStatus.FAILED, "invalid_tool_call"
        call.error_message = text(told.get("error"))
        calls.append(call)
    raw = member(said, "additional_kwargs", "tool_calls")
    if not calls and isinstance(raw, list):
        return chat_completions.read_message({"role": "assistant", "tool_calls": raw}).tool_calls
    return calls


def _tool_call(told: dict[str, Any]) -> ToolCallRecord:
    return ToolCallRecord(
        tool_name=text(told.get("name")) or "?",
        tool_call_id=identifier(told, "id"),
        tool_type="function",
        arguments=told.get("args"),
    )


def _answer(said: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a model's answer tells of itself."""
    about = member(said, "response_metadata")
    reason = text(member(about, "finish_reason")) or text(member(about, "stop_reason"))
    return {
        "response_model": text(member(about, "model_name")) or text(member(about, "model")),
        "response_id": text(member(about, "id")),
        "finish_reasons": None if reason is None else [reason],
        **usage(said.get("usage_metadata")),
    }


def usage(told: Any) -> dict[str, Any]:
    """Give the columns for LangChain's `UsageMetadata`, where cached tokens are included."""
    inputs = member(told, "input_token_details")
    return {
        "input_tokens": count(member(told, "input_tokens")),
        "output_tokens": count(member(told, "output_tokens")),
        "cache_read_input_tokens": count(member(inputs, "cache_read")),
        "cache_creation_input_tokens": count(member(inputs, "cache_creation")),
        "reasoning_output_tokens": count(member(told, "output_token_details", "reasoning")),
        "cost_usd": cost(member(told, "total_cost")),
    }


def cost(value: Any) -> Decimal | None:
    """Give a cost in US dollars, to 12 places; None if it is no number."""
    try:
        told = None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
    return told if told is None or told == round(told, 12) else round(told, 12)
