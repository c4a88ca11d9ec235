"""OpenTelemetry's conventions for generative AI, as they are and as they were.

https://github.com/open-telemetry/semantic-conventions-genai/tree/main/docs/gen-ai

Until version 1.36 of the conventions the messages were events of the span (`gen_ai.user.message`,
`gen_ai.choice`), the provider was `gen_ai.system`, and tokens were those of prompt and completion.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from exchange.spans.chat_messages import read_message
from exchange.spans.flattened import unflatten
from exchange.spans.operation import (
    Operation,
    OperationKind,
    cost_of,
    count_of,
    document_of,
    first,
    objects_of,
    structure_of,
    text_of,
    without_nulls,
    written,
)
from exchange.spans.span import Span

_OPERATION = "gen_ai.operation.name"
_KINDS = {
    "invoke_agent": OperationKind.AGENT,
    "create_agent": OperationKind.NEW_AGENT,
    "execute_tool": OperationKind.TOOL,
    "chat": OperationKind.CHAT,
    "text_completion": OperationKind.CHAT,
    "generate_content": OperationKind.CHAT,
}
_CHOICE = "gen_ai.choice"
_OLD_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    _CHOICE: "assistant",
}
_DETAILS = "gen_ai.client.inference.operation.details"


def read_gen_ai(span: Span) -> Operation | None:
    """Read a span of these conventions; None for another one."""
    kind = _KINDS.get(str(span.attributes.get(_OPERATION)))
    if kind is None or "pydantic_ai.tool.deferral.name" in span.attributes:
        return None  # a call that was put off did not run
    given = dict(span.attributes)
    for event in span.events:
        if event.name == _DETAILS:
            given |= event.attributes
    operation = Operation(
        kind=kind,
        name=span.name,
        started_at=span.started_at,
        ended_at=span.ended_at,
        conversation=conversation_of(given),
        user_id=text_of(given, "user.id", "enduser.id"),
        agent=_agent(given),
    )
    tell_failure(operation, span)
    if kind is OperationKind.TOOL:
        operation.tool = _tool(given)
    elif kind is not OperationKind.NEW_AGENT:
        _tell_messages(operation, given, span)
        operation.usage = _usage(given)
    return operation


def conversation_of(attributes: Mapping[str, Any]) -> str | None:
    """Give the name of the conversation that a span of any kind belongs to."""
    return text_of(attributes, "gen_ai.conversation.id", "session.id", "langfuse.session.id")


def tell_failure(operation: Operation, span: Span) -> None:
    """Note what went wrong: the span's status, and the exception that it tells of."""
    operation.has_failed = span.is_error
    if not span.is_error:
        return
    raised = next((event for event in span.events if event.name == "exception"), None)
    exception = {} if raised is None else raised.attributes
    operation.error_type = text_of(span.attributes, "error.type") or text_of(
        exception, "exception.type"
    )
    operation.error_message = span.error_message or text_of(exception, "exception.message")


def _agent(given: Mapping[str, Any]) -> dict[str, Any] | None:
    name = text_of(given, "gen_ai.agent.name", "agent_name")
    agent_id = text_of(given, "gen_ai.agent.id") or name
    if agent_id is None:
        return None
    description = text_of(given, "gen_ai.agent.description")
    return without_nulls(
        {"agent_id": agent_id, "name": name or agent_id, "description": description}
    )


def _tool(given: Mapping[str, Any]) -> dict[str, Any]:
    result = first(given, "gen_ai.tool.call.result", "tool_response")
    return without_nulls(
        {
            "tool_name": text_of(given, "gen_ai.tool.name"),
            "tool_call_id": text_of(given, "gen_ai.tool.call.id"),
            "tool_type": text_of(given, "gen_ai.tool.type"),
            "arguments": structure_of(first(given, "gen_ai.tool.call.arguments", "tool_arguments")),
            "result": document_of(result),
        }
    )


def _usage(given: Mapping[str, Any]) -> dict[str, Any]:
    usage = "gen_ai.usage."
    seconds = first(
        given,
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.client.operation.time_to_first_chunk",
    )
    reasons = structure_of(given.get("gen_ai.response.finish_reasons"))
    return without_nulls(
        {
            "provider": text_of(given, "gen_ai.provider.name", "gen_ai.system"),
            "request_model": text_of(given, "gen_ai.request.model"),
            "response_model": text_of(given, "gen_ai.response.model"),
            "response_id": text_of(given, "gen_ai.response.id"),
            "finish_reasons": [str(each) for each in reasons if each] or None
            if isinstance(reasons, list)
            else None,
            "input_tokens": count_of(given, f"{usage}input_tokens", f"{usage}prompt_tokens"),
            "output_tokens": count_of(given, f"{usage}output_tokens", f"{usage}completion_tokens"),
            "cache_read_input_tokens": count_of(
                given, f"{usage}cache_read.input_tokens", f"{usage}cache_read_input_tokens"
            ),
            "cache_creation_input_tokens": count_of(
                given, f"{usage}cache_creation.input_tokens", f"{usage}cache_creation_input_tokens"
            ),
            "reasoning_output_tokens": count_of(
                given, f"{usage}reasoning.output_tokens", f"{usage}details.reasoning_tokens"
            ),
            "cost_usd": cost_of(given, "operation.cost", f"{usage}cost"),
            "time_to_first_chunk_ms": round(seconds * 1000)
            if isinstance(seconds, (int, float)) and 0 <= seconds < 10**6
            else None,
        }
    )


def _tell_messages(operation: Operation, given: Mapping[str, Any], span: Span) -> None:
    events = [*_events(span), *_events_in_attributes(given)]
    said = objects_of(given.get("gen_ai.input.messages"))
    answered = objects_of(given.get("gen_ai.output.messages"))
    said = said or unflatten(given, "gen_ai.prompt")
    answered = answered or unflatten(given, "gen_ai.completion")
    instructions = structure_of(given.get("gen_ai.system_instructions"))
    if instructions is not None:
        parts = instructions if isinstance(instructions, list) else [instructions]
        texts = [part.get("content") if isinstance(part, dict) else written(part) for part in parts]
        operation.instructions = "\n".join(t for t in texts if isinstance(t, str)) or None
    if said or answered:
        operation.input = [each for message in said for each in read_message(message)]
        operation.output = [
            each for message in answered for each in read_message(message, "assistant")
        ]
        return
    for name, members in events:
        target = operation.output if name == _CHOICE else operation.input
        target.extend(read_message(members, _OLD_EVENTS[name]))


def _events(span: Span) -> Iterator[tuple[str, dict[str, Any]]]:
    for event in span.events:
        if event.name in _OLD_EVENTS:
            yield event.name, _old_message(event.attributes)


def _events_in_attributes(given: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the events that pydantic-ai wrote into an attribute for a while."""
    for event in objects_of(given.get("events")):
        if event.get("event.name") in _OLD_EVENTS:
            yield event["event.name"], _old_message(event)


def _old_message(members: Mapping[str, Any]) -> dict[str, Any]:
    """Give a message of an event; that of a choice is an object of its own."""
    message = structure_of(members.get("message"))
    if not isinstance(message, dict):
        message = {} if message is None else {"content": message}
    own = {
        name: members[name]
        for name in ("role", "content", "tool_calls", "id", "name")
        if members.get(name) is not None
    }
    return {**own, **message}
