"""Spans of requests, operations and SQL statements.

Names and attributes are those of OpenTelemetry's semantic conventions for HTTP, GraphQL and
databases. Nothing that a client wrote is in them but the operation's name: neither documents nor
variables, nor the query of a URL, and of exceptions only the type. SQL has parameters in the place
of values.

https://opentelemetry.io/docs/specs/semconv/
"""

from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy import ExceptionContext, event
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.operations.answer import Outcome
from server.operations.operation_runner import OperationRunner, ReadyOperation
from server.structured_logs import trace_id

_PATHS = {"/graphql", "/healthz", "/readyz", "/metrics", "/v1/traces"}
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_SQL_CHARACTERS = 4_000
_SERVER_ERROR = 500

_tracer = trace.get_tracer("sessiongraph")


class Export:
    """Sends the spans of a process where the variables `OTEL_…` say, by OTLP over HTTP."""

    def __init__(self) -> None:
        given = OTELResourceDetector().detect()
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "sessiongraph"}).merge(given)
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(self._provider)

    async def stop(self) -> None:
        """Send what is left."""
        await to_thread(self._provider.shutdown)


@contextmanager
def _span(name: str, kind: SpanKind, attributes: dict[str, Any], **options: Any) -> Iterator[Span]:
    """Trace what is done in the block; of an exception the span gets the type alone."""
    with _tracer.start_as_current_span(
        name,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
        **options,
    ) as span:
        try:
            yield span
        except BaseException as error:
            _fail(span, type(error).__qualname__)
            raise


def _fail(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(StatusCode.ERROR)


class TracedRequests:
    """Traces HTTP requests (ASGI), as parts of the traces that they name (W3C Trace Context)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        attributes = {"http.request.method": method, "url.scheme": scope["scheme"]}
        name = "HTTP" if method == "_OTHER" else method
        if scope["path"] in _PATHS:
            attributes["http.route"] = attributes["url.path"] = scope["path"]
            name = f"{name} {scope['path']}"
        headers = {
            key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]
        }
        above = propagate.extract(headers)
        with _span(name, SpanKind.SERVER, attributes, context=above) as span:

            async def send_traced(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _SERVER_ERROR:
                        _fail(span, str(message["status"]))
                await send(message)

            token = trace_id.set(_id_of(span))
            try:
                await self._app(scope, receive, send_traced)
            finally:
                trace_id.reset(token)


class TracedOperationRunner(OperationRunner):
    """Traces operations, whatever brought them."""

    async def run(self, ready: ReadyOperation, context: Any, event: Any = None) -> Outcome:
        """Run a query, a mutation, or a subscription on one event."""
        node = ready.operation.node
        kind = node.operation.value
        attributes: dict[str, Any] = {"graphql.operation.type": kind}
        name = kind
        if node.name is not None:
            attributes["graphql.operation.name"] = node.name.value
            name = f"{kind} {node.name.value}"
        with _span(name[:100], SpanKind.INTERNAL, attributes) as span:
            trace_id.set(_id_of(span))
            outcome = await super().run(ready, context, event)
            if outcome.errors:
                span.set_status(StatusCode.ERROR)
            return outcome


def _id_of(span: Span) -> str:
    return trace.format_trace_id(span.get_span_context().trace_id)


class TracedConnection(asyncpg.Connection):
    """Traces the statements that the driver runs by itself."""

    __slots__ = ()

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        """Run a command, such as COMMIT."""
        with _statement_span(query):
            return await super().execute(query, *args, **options)

    async def executemany(self, command: str, args: Any, **options: Any) -> Any:
        """Run a statement for many rows of arguments."""
        with _statement_span(command):
            return await super().executemany(command, args, **options)

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        """Run a statement and give its rows."""
        with _statement_span(query):
            return await super().fetch(query, *args, **options)


def _is_traced() -> bool:
    """Whether something is traced just now: not what a process asks each second by itself."""
    return trace.get_current_span().get_span_context().is_valid


@contextmanager
def _statement_span(text: str) -> Iterator[None]:
    if not _is_traced():
        yield
        return
    name, attributes = _describe(text)
    with _span(name, SpanKind.CLIENT, attributes):
        yield


def _describe(text: str) -> tuple[str, dict[str, Any]]:
    """Give the name and the attributes of a statement's span."""
    operation = text.lstrip("(").split(maxsplit=1)[0].strip(";").upper()
    return operation, {
        "db.system.name": "postgresql",
        "db.operation.name": operation,
        "db.query.text": text[:_SQL_CHARACTERS],
    }


def trace_statements(engine: AsyncEngine) -> None:
    """Trace the statements that SQLAlchemy runs."""
    event.listen(engine.sync_engine, "before_cursor_execute", _begin_statement)
    event.listen(engine.sync_engine, "after_cursor_execute", _end_statement)
    event.listen(engine.sync_engine, "handle_error", _fail_statement)


def _begin_statement(
    _connection: object, _cursor: object, text: str, _values: object, context: Any, _many: object
) -> None:
    if not _is_traced():
        return
    name, attributes = _describe(text)
    context.span = _tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)


def _end_statement(
    _connection: object, _cursor: object, _text: str, _values: object, context: Any, _many: object
) -> None:
    span: Span | None = getattr(context, "span", None)
    if span is not None:
        span.end()


def _fail_statement(error: ExceptionContext) -> None:
    span: Span | None = getattr(error.execution_context, "span", None)
    if span is not None:
        _fail(span, type(error.original_exception).__qualname__)
        span.end()
