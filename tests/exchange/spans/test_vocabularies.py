"""What spans of each vocabulary say, in our terms."""

import json
from decimal import Decimal
from typing import Any

import pytest

from exchange.spans.operation import Operation, OperationKind
from exchange.spans.reading import read_json, read_protobuf
from exchange.spans.receiving import read_operation
from resolvers.errors import Invalid
from tests.exchange.spans.exports import Span, as_json, as_protobuf, chat, new_trace, text, tool

CALL = {"tool_name": "weigh", "tool_call_id": "call-1", "arguments": {"parcel": "JX-2041"}}
FUNCTION = {"name": "weigh", "arguments": '{"parcel": "JX-2041"}'}


def read(span: Span) -> Operation:
    """Read a span in both encodings, which must say the same, and as it is kept."""
    (from_json,) = read_json(as_json(span)).spans
    (from_protobuf,) = read_protobuf(as_protobuf(span)).spans
    assert from_json == from_protobuf
    operation = read_operation(from_json)
    assert operation is not None
    assert Operation.read(operation.write()) == operation
    return operation


def read_attributes(attributes: dict[str, Any], **more: Any) -> Operation:
    return read(Span(new_trace(), attributes, **more))


def plain(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages without the parts as they came."""
    return [
        {name: value for name, value in message.items() if name != "parts"} for message in messages
    ]


SAID = [
    {"role": "SYSTEM", "content": "Be brief."},
    {"role": "USER", "content": "How heavy is it?"},
    {"role": "ASSISTANT", "tool_calls": [CALL]},
    {"role": "TOOL", "tool_call_id": "call-1", "content": '{"grams":420}'},
]
ANSWERED = [{"role": "ASSISTANT", "content": "420 grams."}]


def test_messages_may_be_structured_or_json() -> None:
    call = {"type": "tool_call", "id": "call-1", "name": "weigh"}
    said = [
        text("system", "Be brief."),
        text("user", "How heavy is it?"),
        {"role": "assistant", "parts": [{**call, "arguments": {"parcel": "JX-2041"}}]},
        {
            "role": "tool",
            "parts": [
                {"type": "tool_call_response", "id": "call-1", "response": {"grams": 420}},
            ],
        },
    ]
    answered = [{**text("assistant", "420 grams."), "finish_reason": "stop"}]
    for write in (list, json.dumps):
        operation = read_attributes(
            {
                "gen_ai.operation.name": "generate_content",
                "gen_ai.input.messages": write(said),
                "gen_ai.output.messages": write(answered),
            }
        )
        assert operation.kind is OperationKind.CHAT
        assert plain(operation.input) == SAID
        assert plain(operation.output) == ANSWERED
        assert operation.output[0]["parts"] == answered[0]


def test_what_a_model_used_is_told() -> None:
    operation = read_attributes(
        {
            **chat(),
            "gen_ai.response.id": "response-1",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.cache_read.input_tokens": 4,
            "gen_ai.usage.cache_creation.input_tokens": 3,
            "gen_ai.usage.reasoning.output_tokens": 2,
            "gen_ai.response.time_to_first_chunk": 0.25,
            "operation.cost": 1.25e-05,
            "gen_ai.system_instructions": json.dumps([{"type": "text", "content": "Be brief."}]),
            "user.id": "user-1",
        }
    )
    assert operation.usage == {
        "provider": "openai",
        "request_model": "gpt-4.1",
        "response_model": "gpt-4.1-2025-04-14",
        "response_id": "response-1",
        "finish_reasons": ["stop"],
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": 4,
        "cache_creation_input_tokens": 3,
        "reasoning_output_tokens": 2,
        "cost_usd": Decimal("0.0000125"),
        "time_to_first_chunk_ms": 250,
    }
    assert operation.instructions == "Be brief."
    assert operation.user_id == "user-1"


def test_the_results_of_tools_in_one_message_are_messages_of_their_own() -> None:
    answers = [
        {"type": "tool_call_response", "id": "a", "name": "weigh", "result": "7"},
        {"type": "tool_call_response", "id": "b", "result": [1]},
    ]
    said = [{"role": "user", "parts": [*answers, {"type": "text", "content": "And now?"}]}]
    assert plain(read_attributes(chat(said)).input) == [
        {"role": "TOOL", "name": "weigh", "tool_call_id": "a", "content": "7"},
        {"role": "TOOL", "tool_call_id": "b", "content": "[1]"},
        {"role": "USER", "content": "And now?"},
    ]


EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("gen_ai.system.message", {"content": "Be brief."}),
    ("gen_ai.user.message", {"content": "How heavy is it?", "role": "user"}),
    (
        "gen_ai.assistant.message",
        {"tool_calls": json.dumps([{"id": "call-1", "type": "function", "function": FUNCTION}])},
    ),
    ("gen_ai.tool.message", {"id": "call-1", "content": '{"grams":420}'}),
    (
        "gen_ai.choice",
        {"index": 0, "finish_reason": "stop", "message": '{"content": "420 grams."}'},
    ),
]


def test_messages_may_be_events_as_they_were() -> None:
    given = {"gen_ai.operation.name": "chat", "gen_ai.system": "openai"}
    operation = read_attributes(given, events=EVENTS)
    assert plain(operation.input) == SAID
    assert plain(operation.output) == ANSWERED
    assert operation.usage == {"provider": "openai"}


def test_messages_may_be_events_in_an_attribute() -> None:
    events = [{"event.name": name, **members} for name, members in EVENTS]
    operation = read_attributes({"gen_ai.operation.name": "chat", "events": json.dumps(events)})
    assert plain(operation.input) == SAID
    assert plain(operation.output) == ANSWERED


def test_messages_may_be_details_in_an_event() -> None:
    given = chat([text("user", "Hi")], text("assistant", "Hello"))
    name = "gen_ai.client.inference.operation.details"
    operation = read_attributes({"gen_ai.operation.name": "chat"}, events=[(name, given)])
    assert plain(operation.input) == [{"role": "USER", "content": "Hi"}]
    assert plain(operation.output) == [{"role": "ASSISTANT", "content": "Hello"}]


def test_messages_may_be_flattened() -> None:
    operation = read_attributes(
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.prompt.0.role": "system",
            "gen_ai.prompt.0.content": "Be brief.",
            "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "How heavy is it?",
            "gen_ai.prompt.2.role": "assistant",
            "gen_ai.prompt.2.tool_calls.0.id": "call-1",
            "gen_ai.prompt.2.tool_calls.0.name": "weigh",
            "gen_ai.prompt.2.tool_calls.0.arguments": FUNCTION["arguments"],
            "gen_ai.prompt.3.role": "tool",
            "gen_ai.prompt.3.tool_call_id": "call-1",
            "gen_ai.prompt.3.content": '{"grams":420}',
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "420 grams.",
            "gen_ai.usage.prompt_tokens": 7,
            "gen_ai.usage.completion_tokens": 3,
        }
    )
    assert plain(operation.input) == SAID
    assert plain(operation.output) == ANSWERED
    assert operation.usage == {"input_tokens": 7, "output_tokens": 3}


def test_a_tool_says_what_it_was_given_and_what_came_of_it() -> None:
    operation = read_attributes(tool("call-1", "weigh", {"grams": 420}, parcel="JX-2041"))
    assert operation.tool == {**CALL, "result": {"grams": 420}}
    operation = read_attributes({**tool(None, "add"), "gen_ai.tool.call.result": "42"})
    assert operation.tool == {"tool_name": "add", "result": "42"}


def test_a_failure_is_told_by_the_status_and_the_exception() -> None:
    raised = ("exception", {"exception.type": "ValueError", "exception.message": "No wax."})
    operation = read_attributes(tool("call-1", "seal"), error="", events=[raised])
    assert operation.has_failed
    assert (operation.error_type, operation.error_message) == ("ValueError", "No wax.")


def test_a_call_that_was_put_off_did_not_run() -> None:
    given = {**tool("call-1", "pay"), "pydantic_ai.tool.deferral.name": "ApprovalRequired"}
    (span,) = read_json(as_json(Span(new_trace(), given))).spans
    assert read_operation(span) is None


def test_openinference_is_read() -> None:
    operation = read_attributes(
        {
            "openinference.span.kind": "LLM",
            "session.id": "conversation",
            "user.id": "user-1",
            "llm.system": "openai",
            "llm.model_name": "gpt-4.1",
            "llm.finish_reason": "stop",
            "llm.token_count.prompt": 10,
            "llm.token_count.completion": 5,
            "llm.token_count.prompt_details.cache_read": 4,
            "llm.token_count.completion_details.reasoning": 2,
            "llm.cost.total": 0.5,
            "llm.input_messages.0.message.role": "system",
            "llm.input_messages.0.message.content": "Be brief.",
            "llm.input_messages.1.message.role": "user",
            "llm.input_messages.1.message.contents.0.message_content.type": "text",
            "llm.input_messages.1.message.contents.0.message_content.text": "How heavy is it?",
            "llm.input_messages.2.message.role": "assistant",
            "llm.input_messages.2.message.tool_calls.0.tool_call.id": "call-1",
            "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "weigh",
            "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": (
                FUNCTION["arguments"]
            ),
            "llm.input_messages.3.message.role": "tool",
            "llm.input_messages.3.message.tool_call_id": "call-1",
            "llm.input_messages.3.message.content": '{"grams":420}',
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "420 grams.",
        }
    )
    assert operation.kind is OperationKind.CHAT
    assert (operation.conversation, operation.user_id) == ("conversation", "user-1")
    assert plain(operation.input) == SAID
    assert plain(operation.output) == ANSWERED
    assert operation.usage == {
        "provider": "openai",
        "request_model": "gpt-4.1",
        "response_model": "gpt-4.1",
        "finish_reasons": ["stop"],
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": 4,
        "reasoning_output_tokens": 2,
        "cost_usd": Decimal("0.5"),
    }


def test_openinference_orders_text_and_calls() -> None:
    start = "llm.output_messages.0.message."
    operation = read_attributes(
        {
            "openinference.span.kind": "LLM",
            f"{start}role": "assistant",
            f"{start}contents.0.message_content.type": "reasoning",
            f"{start}contents.0.message_content.text": "It may be heavy.",
            f"{start}contents.1.message_content.type": "text",
            f"{start}contents.1.message_content.text": "I weigh it.",
            f"{start}contents.2.message_content.type": "tool_use",
            f"{start}contents.2.tool_call.id": "call-1",
            f"{start}contents.2.tool_call.function.name": "weigh",
            f"{start}contents.2.tool_call.function.arguments": FUNCTION["arguments"],
            f"{start}tool_calls.0.tool_call.id": "call-1",
            f"{start}tool_calls.0.tool_call.function.name": "weigh",
        }
    )
    (answered,) = operation.output
    assert plain([answered]) == [
        {"role": "ASSISTANT", "content": "I weigh it.", "tool_calls": [CALL]}
    ]
    kinds = [part["type"] for part in answered["parts"]["parts"]]
    assert kinds == ["reasoning", "text", "tool_call"]


def test_openinference_has_agents_and_tools() -> None:
    agent = read_attributes({"openinference.span.kind": "AGENT", "agent.name": "clerk"})
    assert agent.kind is OperationKind.AGENT
    assert agent.agent == {"agent_id": "clerk", "name": "clerk"}
    run = read_attributes(
        {
            "openinference.span.kind": "TOOL",
            "tool.name": "weigh",
            "tool_call.id": "call-1",
            "input.value": '{"parcel": "JX-2041"}',
            "output.value": '{"grams": 420}',
        }
    )
    assert run.tool == {**CALL, "result": {"grams": 420}}
    (chain,) = read_json(as_json(Span(new_trace(), {"openinference.span.kind": "CHAIN"}))).spans
    assert read_operation(chain) is None


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.prompt.x": 1, "gen_ai.prompt.0": "text", "gen_ai.prompt.0.role": "user"},
        {"gen_ai.prompt." + "0." * 50_000: 1},
        {"gen_ai.input.messages": "nonsense", "gen_ai.output.messages": "[1, [2], null]"},
        {"gen_ai.input.messages": '[{"role": 1, "parts": {"a": 1}}, {"parts": [1, null]}]'},
        {"gen_ai.input.messages": '[{"parts": [{"type": "tool_call"}], "role": "assistant"}]'},
        {"gen_ai.output.messages": '{"role": "assistant"}', "gen_ai.system_instructions": "{}"},
        {"gen_ai.usage.input_tokens": "many", "operation.cost": "much"},
        {"gen_ai.usage.input_tokens": True, "operation.cost": -1.0},
        {"gen_ai.response.finish_reasons": "stop", "gen_ai.response.time_to_first_chunk": -1.0},
        {"gen_ai.tool.call.arguments": "not JSON", "gen_ai.agent.name": ""},
    ],
    ids=lambda attributes: str(attributes)[:40],
)
def test_odd_values_are_left_out(attributes: dict[str, Any]) -> None:
    for kind in ("chat", "invoke_agent", "execute_tool"):
        read_attributes({"gen_ai.operation.name": kind, **attributes})


def test_json_that_is_nested_too_deep_is_refused() -> None:
    deep = "[" * 100 + "]" * 100
    given = {**tool("call-1", "weigh"), "gen_ai.tool.call.arguments": deep}
    (span,) = read_json(as_json(Span(new_trace(), given))).spans
    with pytest.raises(Invalid, match="nested deeper"):
        read_operation(span)
