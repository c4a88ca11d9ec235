"""Spans and exports of them, as instrumented agents make them."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

_SECOND = 1_000_000_000
START = 1_790_000_000 * _SECOND
"""When traces begin, in nanoseconds after 1970."""


@dataclass
class Span:
    """A span to export; times are seconds after `START`."""

    trace: str
    attributes: Mapping[str, Any]
    parent: "Span | None" = None
    begin: float = 0.0
    end: float = 1.0
    name: str = "span"
    error: str | None = None
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()
    id: str = field(default_factory=lambda: uuid4().hex[:16])

    def members(self) -> dict[str, Any]:
        """The span as OTLP's JSON has it."""
        return {
            "traceId": self.trace,
            "spanId": self.id,
            "parentSpanId": self.parent.id if self.parent else "",
            "name": self.name,
            "kind": 1,
            "startTimeUnixNano": str(START + int(self.begin * _SECOND)),
            "endTimeUnixNano": str(START + int(self.end * _SECOND)),
            "attributes": _attributes(self.attributes),
            "events": [
                {"name": name, "attributes": _attributes(given)} for name, given in self.events
            ],
            "status": {} if self.error is None else {"code": 2, "message": self.error},
        }


def new_trace() -> str:
    return uuid4().hex


def _attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in given.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"intValue": str(value)}
    return {{bool: "boolValue", float: "doubleValue", str: "stringValue"}[type(value)]: value}


def as_json(*spans: Span | dict[str, Any]) -> bytes:
    """An export in OTLP's JSON."""
    members = [span.members() if isinstance(span, Span) else span for span in spans]
    scope = {"scope": {"name": "test"}, "spans": members, "newMember": 1}
    return orjson.dumps({"resourceSpans": [{"resource": {}, "scopeSpans": [scope]}]})


def as_protobuf(*spans: Span) -> bytes:
    """An export in protobuf's binary encoding."""
    request = ExportTraceServiceRequest()
    scope = request.resource_spans.add().scope_spans.add()
    for span in spans:
        members = span.members()
        made = scope.spans.add(
            trace_id=bytes.fromhex(members["traceId"]),
            span_id=bytes.fromhex(members["spanId"]),
            parent_span_id=bytes.fromhex(members["parentSpanId"]),
            name=span.name,
            start_time_unix_nano=int(members["startTimeUnixNano"]),
            end_time_unix_nano=int(members["endTimeUnixNano"]),
            attributes=_pairs(span.attributes),
        )
        made.status.code = members["status"].get("code", 0)
        made.status.message = members["status"].get("message", "")
        for name, given in span.events:
            made.events.add(name=name, attributes=_pairs(given))
    return request.SerializeToString()


def _pairs(given: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in given.items()]


def _any_value(value: Any) -> AnyValue:
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_any_value(item) for item in value]))
    if isinstance(value, dict):
        return AnyValue(kvlist_value=KeyValueList(values=_pairs(value)))
    names = {bool: "bool_value", int: "int_value", float: "double_value", str: "string_value"}
    return AnyValue(**{names[type(value)]: value})


def zipped(body: bytes) -> bytes:
    return gzip.compress(body)


# what agents say


def text(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def call(own_id: str, name: str, **arguments: Any) -> dict[str, Any]:
    part = {"type": "tool_call", "id": own_id, "name": name, "arguments": arguments}
    return {"role": "assistant", "parts": [part]}


def answer(own_id: str, response: Any) -> dict[str, Any]:
    part = {"type": "tool_call_response", "id": own_id, "response": response}
    return {"role": "tool", "parts": [part]}


def run_of(name: str, conversation: str | None = None) -> dict[str, Any]:
    given = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
    return given if conversation is None else {**given, "gen_ai.conversation.id": conversation}


def chat(
    said: Sequence[Mapping[str, Any]] = (), answered: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    given: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.response.model": "gpt-4.1-2025-04-14",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        **{name.replace("__", "."): value for name, value in more.items()},
    }
    if said:
        given["gen_ai.input.messages"] = orjson.dumps(list(said)).decode()
    if answered is not None:
        given["gen_ai.output.messages"] = orjson.dumps([answered]).decode()
    return given


def tool(own_id: str | None, name: str, result: Any = None, **arguments: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
    if own_id is not None:
        given["gen_ai.tool.call.id"] = own_id
    if result is not None:
        given["gen_ai.tool.call.result"] = orjson.dumps(result).decode()
        given["gen_ai.tool.call.arguments"] = orjson.dumps(arguments).decode()
    return given


@dataclass(frozen=True)
class AgentTrace:
    """A run of an agent within a web request: it calls a model, a tool, and the model again."""

    request: Span
    run: Span
    first: Span
    weigh: Span
    second: Span

    @property
    def spans(self) -> list[Span]:
        """All of them in the order in which they end, as they are exported."""
        return [self.first, self.weigh, self.second, self.run, self.request]


def agent_trace(conversation: str | None = "conversation") -> AgentTrace:
    trace = new_trace()
    request = Span(trace, {"http.request.method": "POST"}, None, 0, 10, "POST /chat")
    run = Span(trace, run_of("clerk", conversation), request, 1, 9, "invoke_agent clerk")
    said = [text("system", "Be brief."), text("user", "How heavy is it?")]
    asked = call("call-1", "weigh", parcel="JX-2041")
    first = Span(trace, chat(said, asked), run, 2, 3, "chat gpt-4.1")
    result = {"grams": 420}
    weigh = Span(trace, tool("call-1", "weigh", result, parcel="JX-2041"), run, 3, 4)
    said = [*said, asked, answer("call-1", result)]
    second = Span(trace, chat(said, text("assistant", "420 grams.")), run, 5, 6, "chat gpt-4.1")
    return AgentTrace(request, run, first, weigh, second)
