"""Reads the body of an export of traces (OTLP), in either encoding.

https://github.com/open-telemetry/opentelemetry-proto/blob/main/docs/specification.md
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from exchange.spans.span import Span, SpanEvent, time_of
from resolvers.errors import Invalid

_STATUS_ERROR = 2
_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_MAXIMUM_DEPTH = 64


@dataclass(slots=True)
class Export:
    """What an export holds: its spans, and why others cannot be ones."""

    spans: list[Span] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def add(self, **values: Any) -> None:
        """Add a span if it can be one."""
        try:
            self.spans.append(_span(**values))
        except ValueError as error:
            self.refusals.append(str(error))


def _span(
    *,
    trace_id: bytes,
    span_id: bytes,
    parent_span_id: bytes,
    started: int,
    ended: int,
    **values: Any,
) -> Span:
    if len(trace_id) != _TRACE_ID_BYTES or not any(trace_id):
        raise ValueError("traceId: Must be 16 bytes, not all zero.")
    if len(span_id) != _SPAN_ID_BYTES or not any(span_id):
        raise ValueError("spanId: Must be 8 bytes, not all zero.")
    if len(parent_span_id) not in {0, _SPAN_ID_BYTES}:
        raise ValueError("parentSpanId: Must be 8 bytes or empty.")
    try:
        times = time_of(started), time_of(max(started, ended))
    except ValueError as error:
        raise ValueError("startTimeUnixNano: Must be a time between 1970 and 2200.") from error
    parent = parent_span_id if any(parent_span_id) else None
    return Span(trace_id, span_id, parent, started_at=times[0], ended_at=times[1], **values)


def read_protobuf(body: bytes) -> Export:
    """Read an `ExportTraceServiceRequest` in protobuf's binary encoding. Raises `Invalid`."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise Invalid("The body must be an ExportTraceServiceRequest in protobuf.") from error
    export = Export()
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                export.add(
                    trace_id=span.trace_id,
                    span_id=span.span_id,
                    parent_span_id=span.parent_span_id,
                    name=span.name,
                    started=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    attributes=_attributes(span.attributes),
                    is_error=span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
                    error_message=span.status.message or None,
                    events=tuple(
                        SpanEvent(event.name, _attributes(event.attributes))
                        for event in span.events
                    ),
                )
    return export


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    given = getattr(value, kind)
    if kind == "array_value":
        return [_value(item) for item in given.values]
    if kind == "kvlist_value":
        return _attributes(given.values)
    if kind == "bytes_value":
        return b64encode(given).decode()
    return given


def read_json(body: bytes) -> Export:
    """Read an `ExportTraceServiceRequest` in OTLP's JSON encoding. Raises `Invalid`.

    It is protobuf's JSON, but ids are hexadecimal and enums are numbers. Members that are not
    known are ignored.
    """
    try:
        request = orjson.loads(body)
    except ValueError as error:
        raise Invalid("The body must be JSON (RFC 8259) in UTF-8.") from error
    export = Export()
    try:
        for resource in _objects(_object(request), "resourceSpans"):
            for scope in _objects(resource, "scopeSpans"):
                for span in _objects(scope, "spans"):
                    export.add(**_read_span(span))
    except (TypeError, ValueError) as error:
        raise Invalid(f"The body must be an ExportTraceServiceRequest in JSON: {error}.") from error
    return export


def _read_span(span: Mapping[str, Any]) -> dict[str, Any]:
    status = _object(span.get("status") or {})
    return {
        "trace_id": _hexadecimal(span, "traceId"),
        "span_id": _hexadecimal(span, "spanId"),
        "parent_span_id": _hexadecimal(span, "parentSpanId"),
        "name": _text(span, "name"),
        "started": _integer(span.get("startTimeUnixNano") or 0),
        "ended": _integer(span.get("endTimeUnixNano") or 0),
        "attributes": _json_attributes(span, 0),
        "is_error": _integer(status.get("code") or 0) == _STATUS_ERROR,
        "error_message": _text(status, "message") or None,
        "events": tuple(
            SpanEvent(_text(event, "name"), _json_attributes(event, 0))
            for event in _objects(span, "events")
        ),
    }


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value


def _objects(holder: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    values = holder.get(name)
    if values is None:
        return
    if not isinstance(values, list):
        raise TypeError(f"`{name}` must be a list")
    for value in values:
        yield _object(value)


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"`{name}` must be text")
    return value


def _hexadecimal(span: Mapping[str, Any], name: str) -> bytes:
    try:
        return bytes.fromhex(_text(span, name))
    except ValueError as error:
        raise ValueError(f"`{name}` must be hexadecimal") from error


def _integer(value: Any) -> int:
    """Read a 64-bit integer, which may be a number or a decimal in a string."""
    if isinstance(value, str) and len(value) <= len(str(-(2**63))):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("an integer was expected")
    return value


def _json_attributes(holder: Mapping[str, Any], depth: int) -> dict[str, Any]:
    name = "attributes" if depth == 0 else "values"
    return {
        _text(pair, "key"): _json_value(_object(pair.get("value") or {}), depth)
        for pair in _objects(holder, name)
    }


def _json_value(value: Mapping[str, Any], depth: int) -> Any:
    if depth > _MAXIMUM_DEPTH:
        raise ValueError("a value is nested too deep")
    for kind, read in _SCALARS.items():
        if kind in value:
            return read(value[kind])
    if "arrayValue" in value:
        items = _objects(_object(value["arrayValue"]), "values")
        return [_json_value(item, depth + 1) for item in items]
    if "kvlistValue" in value:
        return _json_attributes(_object(value["kvlistValue"]), depth + 1)
    return None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value


_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "stringValue": _string,
    "boolValue": bool,
    "intValue": _integer,
    "doubleValue": float,
    "bytesValue": _string,
}
