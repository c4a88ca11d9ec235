"""The items of OpenAI's Responses API: messages, tool calls, their outputs, reasoning.

Source: https://platform.openai.com/docs/api-reference/responses/object (`output`) and
https://platform.openai.com/docs/api-reference/conversations/list-items.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exchange.formats.reading import (
    arguments,
    content_text,
    identifier,
    member,
    require,
    role,
    text,
)
from exchange.records import Decision, MessageRecord, ToolCallRecord
from models import MessageRole, MessageStatus, ToolCallStatus
from resolvers.errors import Invalid

_TEXTS = {"message"}
_OF_INPUT = {"mcp_approval_response", "item_reference"}
_NOT_ARGUMENTS = {"type", "id", "call_id", "status", "name", "output", "outputs", "results"} | {
    "result",
    "error",
    "server_label",
    "approval_request_id",
    "created_by",
    "caller",
    "namespace",
}
_STATUSES = {
    "completed": ToolCallStatus.SUCCEEDED,
    "failed": ToolCallStatus.FAILED,
    "incomplete": ToolCallStatus.CANCELLED,
}


def read_items(items: Sequence[dict[str, Any]], field: str) -> Iterable[MessageRecord]:
    """Read items as messages: what the model says in one go is one ASSISTANT message.

    `field` is where they stand. Raises `Invalid`.
    """
    answer: list[tuple[int, dict[str, Any]]] = []
    for index, item in enumerate(items):
        place = f"{field}.{index}"
        try:
            is_answer, message = _read_other(item)
        except Invalid as error:
            raise error.within(place) from error
        if is_answer:
            answer.append((index, item))
            continue
        if answer:
            yield _answer(answer, field)
            answer = []
        if message is not None:
            message.place = place
            yield message
    if answer:
        yield _answer(answer, field)


def _read_other(item: dict[str, Any]) -> tuple[bool, MessageRecord | None]:
    """Tell whether the model says an item; if not, give the message that it is."""
    kind = item.get("type") or "message"
    if kind == "message":
        told = role(item)
        if told is MessageRole.ASSISTANT:
            return True, None
        return False, MessageRecord(
            role=told, content=content_text(item.get("content")), parts=item
        )
    if not isinstance(kind, str):
        raise Invalid("Must be text.", field="type")
    if kind.endswith("_output"):
        return False, _output(item, kind)
    if kind == "mcp_approval_response":
        decision = Decision(
            require(item, "approval_request_id", str),
            item.get("approve") is True,
            text(item.get("reason")),
        )
        return False, MessageRecord(role=MessageRole.USER, parts=item, decision=decision)
    return kind != "item_reference", None


def _output(item: dict[str, Any], kind: str) -> MessageRecord:
    """Read the output of a tool call, which a message of its own answers."""
    output = item.get("output", item.get("result"))
    if kind == "shell_call_output" and isinstance(output, list):
        content = "".join(
            text(member(each, name)) or "" for each in output for name in ("stdout", "stderr")
        )
    elif isinstance(output, (str, list)):
        content = content_text(output, "output") or ""
    else:
        content = ""
    return MessageRecord(
        role=MessageRole.TOOL,
        name=identifier(item, "name"),
        content=content,
        parts=item,
        tool_call_id=identifier(item, "call_id") or identifier(item, "id"),
        has_failed=item.get("status") in {"failed", "incomplete"},
    )


def _answer(items: Sequence[tuple[int, dict[str, Any]]], field: str) -> MessageRecord:
    """Make the message of consecutive items that the model said."""
    texts, calls = [], []
    for index, item in items:
        try:
            kind = item.get("type") or "message"
            if kind == "message":
                texts.append(_text(item))
            elif kind == "mcp_approval_request" or str(kind).endswith("_call") or kind == "program":
                calls.append(_tool_call(item, str(kind)))
        except Invalid as error:
            raise error.within(f"{field}.{index}") from error
    is_whole = all(item.get("status") != "incomplete" for _, item in items)
    return MessageRecord(
        role=MessageRole.ASSISTANT,
        content="\n".join(each for each in texts if each) or None,
        parts=[item for _, item in items],
        tool_calls=calls,
        status=None if is_whole else MessageStatus.INTERRUPTED,
        place=f"{field}.{items[0][0]}",
    )


def _text(item: Mapping[str, Any]) -> str | None:
    content = item.get("content")
    refusals = content if isinstance(content, list) else []
    refused = [text(member(part, "refusal")) for part in refusals]
    return "\n".join(each for each in (content_text(content), *refused) if each) or None


def _tool_call(item: Mapping[str, Any], kind: str) -> ToolCallRecord:
    """Read a call: of a function, whose output comes later, or of a built-in tool, with its own."""
    if kind in {"function_call", "custom_tool_call"}:
        told = item.get("arguments", item.get("input"))
        return ToolCallRecord(
            tool_name=require(item, "name", str),
            tool_call_id=identifier(item, "call_id") or identifier(item, "id"),
            tool_type="custom" if kind == "custom_tool_call" else "function",
            arguments=arguments(told, "arguments") if kind == "function_call" else told,
        )
    call = ToolCallRecord(
        tool_name=text(item.get("name")) or kind.removesuffix("_call"),
        tool_call_id=identifier(item, "call_id") or identifier(item, "id"),
        tool_type="mcp" if kind.startswith("mcp_") else kind.removesuffix("_call"),
        arguments=_arguments(item),
    )
    if kind == "mcp_approval_request":
        call.is_asked_about = True
    elif "call_id" not in item:
        _take_result(call, item)
    return call


def _arguments(item: Mapping[str, Any]) -> Any:
    if "arguments" in item:
        return arguments(item["arguments"], "arguments")
    told = {name: value for name, value in item.items() if name not in _NOT_ARGUMENTS}
    return told or None


def _take_result(call: ToolCallRecord, item: Mapping[str, Any]) -> None:
    """Take over how a call ended that OpenAI ran itself."""
    error = item.get("error")
    call.status = _STATUSES.get(str(item.get("status")))
    if error is not None:
        call.status = ToolCallStatus.FAILED
        call.error_type = text(member(error, "type"))
        call.error_message = text(error) or text(member(error, "message")) or str(error)
    elif call.status is None and item.get("output") is not None:
        call.status = ToolCallStatus.SUCCEEDED
    names = ("output", "outputs", "results", "result")
    call.result = next((item[name] for name in names if item.get(name) is not None), None)
