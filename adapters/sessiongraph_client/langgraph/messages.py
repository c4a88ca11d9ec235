"""LangChain's messages as messages of a session, with their tool calls and what was used."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from sessiongraph_client.langgraph.readable import clean, readable
from sessiongraph_client.schema_types import MessageRole, RecordMessageInput, ToolCallInput

_LONGEST_CONTENT = 4_000_000
_LONGEST_NAME = 512
_MOST_TOOL_CALLS = 1_000
_LARGEST_INTEGER = 2**31 - 1
_ROLES: dict[str, MessageRole] = {
    "user": "USER",
    "human": "USER",
    "assistant": "ASSISTANT",
    "ai": "ASSISTANT",
    "system": "SYSTEM",
    "developer": "DEVELOPER",
    "tool": "TOOL",
}


def messages_in(value: Any) -> list[BaseMessage]:
    """Give the messages in a channel's value or write, in order; none if it holds no messages."""
    if isinstance(value, BaseMessage):
        return [] if isinstance(value, RemoveMessage) else [value]
    if isinstance(value, (list, tuple)):
        return [message for one in value for message in messages_in(one)]
    return []


def describe(session: str, message: BaseMessage, facts: Mapping[str, Any]) -> RecordMessageInput:
    """Make the record of a message; `facts` are added to its metadata."""
    record: RecordMessageInput = {
        "session": session,
        "role": _role(message),
        "content": clean(str(message.text))[:_LONGEST_CONTENT],
        "metadata": {**facts, **_further(message)},
    }
    if not isinstance(message.content, str):
        record["parts"] = readable(message.content)
    if name := _name(message.name):
        record["name"] = name
    if isinstance(message, ToolMessage) and (answered := _name(message.tool_call_id)):
        record["toolCallId"] = answered
    if isinstance(message, AIMessage):
        record.update(_response(message))  # type: ignore[typeddict-item]  # keys of this record
        record["toolCalls"] = list(_tool_calls(message))[:_MOST_TOOL_CALLS]
    return record


def without_use(record: RecordMessageInput) -> RecordMessageInput:
    """Leave out what a model call used, for a message whose use is recorded elsewhere."""
    used = {
        *("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens"),
        "reasoningOutputTokens",
    }
    kept = record.copy()
    for name in used & kept.keys():
        del kept[name]  # type: ignore[misc]  # none of them is required
    return kept


def tool_call_ids(messages: Iterable[BaseMessage]) -> set[str]:
    """Give the ids of the tool calls that messages ask for, as they are recorded."""
    calls = (_calls(message) for message in messages if isinstance(message, AIMessage))
    return {name for several in calls for call in several if (name := _name(call.get("id")))}


def failure(message: BaseMessage) -> str | None:
    """Give what went wrong if the message answers a tool call that failed."""
    if isinstance(message, ToolMessage) and message.status == "error":
        return clean(str(message.text))[:_LONGEST_CONTENT]
    return None


def _role(message: BaseMessage) -> MessageRole:
    if isinstance(message, HumanMessage):
        return "USER"
    if isinstance(message, AIMessage):
        return "ASSISTANT"
    if isinstance(message, SystemMessage):
        told = message.additional_kwargs.get("__openai_role__")
        return "DEVELOPER" if told == "developer" else "SYSTEM"
    if isinstance(message, (ToolMessage, FunctionMessage)):
        return "TOOL"
    told = message.role if isinstance(message, ChatMessage) else message.type
    return _ROLES.get(told, "USER")


def _further(message: BaseMessage) -> dict[str, Any]:
    further = {
        "messageId": message.id,
        "additionalKwargs": message.additional_kwargs,
        "responseMetadata": message.response_metadata,
    }
    return {name: readable(value) for name, value in further.items() if value}


def _calls(message: AIMessage) -> Iterator[Mapping[str, Any]]:
    yield from message.tool_calls
    yield from message.invalid_tool_calls


def _tool_calls(message: AIMessage) -> Iterator[ToolCallInput]:
    for call in _calls(message):
        made: ToolCallInput = {"toolName": _name(call.get("name")) or "unknown"}
        if own_id := _name(call.get("id")):
            made["toolCallId"] = own_id
        if call.get("args") is not None:
            made["arguments"] = readable(call["args"])
        if call in message.invalid_tool_calls:
            made["status"] = "FAILED"
            made["errorType"] = "invalid_tool_call"
            made["errorMessage"] = clean(str(call.get("error") or "The arguments are not valid."))
        yield made


def _response(message: AIMessage) -> dict[str, Any]:
    told = message.response_metadata
    response: dict[str, Any] = {
        "responseModel": _first(told, "model_name", "model", "model_id"),
        "provider": _first(told, "model_provider", "ls_provider", "system"),
        "responseId": _first(told, "id", "response_id"),
    }
    if reason := _first(told, "finish_reason", "stop_reason", "done_reason", "stopReason"):
        response["finishReasons"] = [reason]
    response |= _use(message)
    return {name: value for name, value in response.items() if value is not None}


def _use(message: AIMessage) -> dict[str, int | None]:
    used: Mapping[str, Any] = message.usage_metadata or {}
    read = used.get("input_token_details") or {}
    written = used.get("output_token_details") or {}
    return {
        "inputTokens": _count(used.get("input_tokens")),
        "outputTokens": _count(used.get("output_tokens")),
        "cacheReadInputTokens": _count(read.get("cache_read")),
        "cacheCreationInputTokens": _count(read.get("cache_creation")),
        "reasoningOutputTokens": _count(written.get("reasoning")),
    }


def _count(number: Any) -> int | None:
    return number if type(number) is int and 0 <= number <= _LARGEST_INTEGER else None


def _first(told: Mapping[str, Any], *names: str) -> str | None:
    values = (told.get(name) for name in names)
    return next((name for value in values if (name := _name(value))), None)


def _name(value: Any) -> str | None:
    return (clean(value)[:_LONGEST_NAME].strip() or None) if isinstance(value, str) else None
