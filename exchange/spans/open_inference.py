"""OpenInference's conventions, the second vocabulary that spans of agents come in.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from collections.abc import Iterator, Mapping
from typing import Any

from exchange.spans.chat_messages import read_message
from exchange.spans.flattened import unflatten
from exchange.spans.gen_ai import conversation_of, tell_failure
from exchange.spans.operation import (
    Operation,
    OperationKind,
    cost_of,
    count_of,
    document_of,
    structure_of,
    text_of,
    without_nulls,
)
from exchange.spans.span import Span

_KINDS = {
    "AGENT": OperationKind.AGENT,
    "LLM": OperationKind.CHAT,
    "TOOL": OperationKind.TOOL,
}


def read_open_inference(span: Span) -> Operation | None:
    """Read a span of these conventions; None for another one."""
    kind = _KINDS.get(str(span.attributes.get("openinference.span.kind")).upper())
    if kind is None:
        return None
    given = span.attributes
    name = text_of(given, "agent.name") or (span.name if kind is OperationKind.AGENT else None)
    operation = Operation(
        kind=kind,
        name=span.name,
        started_at=span.started_at,
        ended_at=span.ended_at,
        conversation=conversation_of(given),
        user_id=text_of(given, "user.id"),
        agent=None if name is None else {"agent_id": name, "name": name},
    )
    tell_failure(operation, span)
    if kind is OperationKind.TOOL:
        operation.tool = without_nulls(
            {
                "tool_name": text_of(given, "tool.name") or span.name,
                "tool_call_id": text_of(given, "tool_call.id", "tool.id"),
                "arguments": structure_of(given.get("input.value")),
                "result": document_of(given.get("output.value")),
            }
        )
    elif kind is OperationKind.CHAT:
        operation.input = list(_messages(given, "input", "user"))
        operation.output = list(_messages(given, "output", "assistant"))
        operation.usage = _usage(given)
    return operation


def _messages(given: Mapping[str, Any], side: str, role: str) -> Iterator[dict[str, Any]]:
    listed = unflatten(given, f"llm.{side}_messages")
    for item in listed:
        message = item.get("message")
        if isinstance(message, dict):
            yield from read_message(_plain(message), role)
    if not listed:
        kind, member = ("prompts", "prompt") if side == "input" else ("choices", "completion")
        for item in unflatten(given, f"llm.{kind}"):
            legacy = item.get(member)
            if isinstance(legacy, dict):
                yield from read_message({"content": legacy.get("text")}, role)


def _plain(message: Mapping[str, Any]) -> dict[str, Any]:
    """Give a message with its parts as the GenAI conventions have them."""
    parts: list[dict[str, Any]] = []
    content = message.get("content")
    if content is not None:
        parts.append({"type": "text", "content": content})
    contents = message.get("contents")
    for item in contents if isinstance(contents, list) else []:
        part = _part(item) if isinstance(item, dict) else None
        if part is not None:
            parts.append(part)
    calls = message.get("tool_calls")
    named = {part.get("id") for part in parts if part["type"] == "tool_call"}
    for item in calls if isinstance(calls, list) else []:
        call = item.get("tool_call") if isinstance(item, dict) else None
        if isinstance(call, dict) and (call.get("id") is None or call["id"] not in named):
            parts.append(_call(call))
    plain = {"role": message.get("role"), "name": message.get("name"), "parts": parts}
    if message.get("tool_call_id") is not None:
        plain["tool_call_id"] = message["tool_call_id"]
    return without_nulls(plain)


def _part(item: Mapping[str, Any]) -> dict[str, Any] | None:
    call, content = item.get("tool_call"), item.get("message_content")
    if isinstance(call, dict):
        return _call(call)
    if not isinstance(content, dict):
        return None
    part = {**content, "type": content.get("type") or "text"}
    if "text" in part:
        part["content"] = part.pop("text")
    return part


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    return {
        "type": "tool_call",
        "id": call.get("id"),
        "name": function.get("name"),
        "arguments": structure_of(function.get("arguments")),
    }


def _usage(given: Mapping[str, Any]) -> dict[str, Any]:
    tokens = "llm.token_count."
    reason = text_of(given, "llm.finish_reason")
    return without_nulls(
        {
            "provider": text_of(given, "llm.provider", "llm.system"),
            "request_model": text_of(given, "llm.request.model_name", "llm.model_name"),
            "response_model": text_of(given, "llm.response.model_name", "llm.model_name"),
            "finish_reasons": None if reason is None else [reason],
            "input_tokens": count_of(given, f"{tokens}prompt"),
            "output_tokens": count_of(given, f"{tokens}completion"),
            "cache_read_input_tokens": count_of(given, f"{tokens}prompt_details.cache_read"),
            "cache_creation_input_tokens": count_of(given, f"{tokens}prompt_details.cache_write"),
            "reasoning_output_tokens": count_of(given, f"{tokens}completion_details.reasoning"),
            "cost_usd": cost_of(given, "llm.cost.total"),
        }
    )
