"""Spans of a request, of its operation and of its statements."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy.engine import URL
from structlog.testing import capture_logs

from resolvers.changes import Changes
from server.app import create_app
from server.confirmation_expiry import ConfirmationExpiry
from server.database import create_engine
from server.settings import Settings
from server.structured_logs import _add_trace_id, trace_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
CREATE = """mutation Create($input: CreateSessionInput!) {
  createSession(input: $input) { created }
}"""


@pytest.fixture(scope="module")
def provided() -> InMemorySpanExporter:
    """OpenTelemetry takes one provider for the life of a process."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def exporter(provided: InMemorySpanExporter) -> InMemorySpanExporter:
    provided.clear()
    return provided


@pytest.fixture(params=[True, False])
async def client(
    database_url: URL, request: pytest.FixtureRequest
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server with telemetry, with plans or without."""
    settings = Settings(telemetry=True, insecure=True, plans_queries=request.param)
    engine = create_engine(settings, database_url)
    transport = httpx2.ASGITransport(app=create_app(settings, engine))
    async with httpx2.AsyncClient(transport=transport, base_url="http://testserver") as made:
        yield made
    await engine.dispose()


def _by_kind(exporter: InMemorySpanExporter) -> dict[SpanKind, list[ReadableSpan]]:
    spans: Sequence[ReadableSpan] = exporter.get_finished_spans()
    return {kind: [span for span in spans if span.kind is kind] for kind in SpanKind}


async def test_a_request_is_a_part_of_its_clients_trace(
    client: httpx2.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    query = 'query One { session(id: "private") { id } }'
    await client.post("/graphql", json={"query": query}, headers=headers)
    spans = _by_kind(exporter)
    (request,), (operation,) = spans[SpanKind.SERVER], spans[SpanKind.INTERNAL]
    assert request.name == "POST /graphql"
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert dict(request.attributes or {}) == {
        "http.request.method": "POST",
        "url.scheme": "http",
        "url.path": "/graphql",
        "http.route": "/graphql",
        "http.response.status_code": 200,
    }
    assert operation.name == "query One"
    assert operation.parent == request.context
    assert dict(operation.attributes or {}) == {
        "graphql.operation.name": "One",
        "graphql.operation.type": "query",
    }
    (statement,) = [
        span
        for span in spans[SpanKind.CLIENT]
        if "FROM sessions" in str((span.attributes or {})["db.query.text"])
    ]
    assert statement.name in {"SELECT", "WITH"}
    assert statement.parent is not None
    assert statement.attributes is not None
    assert statement.attributes["db.system.name"] == "postgresql"
    assert all(f"{span.context.trace_id:032x}" == TRACE for span in exporter.get_finished_spans())
    assert "private" not in str([dict(span.attributes or {}) for span in spans[SpanKind.CLIENT]])


async def test_what_fails_is_marked_without_what_it_said(
    client: httpx2.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    variables = {"input": {"sessionId": "a", "agent": "private", "idempotencyKey": "k"}}
    await client.post("/graphql", json={"query": CREATE, "variables": variables})
    (operation,) = _by_kind(exporter)[SpanKind.INTERNAL]
    assert operation.name == "mutation Create"
    assert operation.status.status_code is StatusCode.ERROR
    spans = exporter.get_finished_spans()
    assert "ROLLBACK" in {span.name for span in spans}
    assert "private" not in "".join(span.to_json() for span in spans)
    assert not any(span.events for span in spans)


async def test_paths_and_methods_of_others_make_no_names(
    client: httpx2.AsyncClient, exporter: InMemorySpanExporter
) -> None:
    await client.request("BREW", "/private?query=private")
    (request,) = exporter.get_finished_spans()
    assert request.name == "HTTP"
    assert "private" not in request.to_json()


async def test_the_log_has_the_id_of_the_trace(client: httpx2.AsyncClient) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    with capture_logs(processors=[_add_trace_id]) as logs:
        await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert [line["trace_id"] for line in logs] == [TRACE]
    assert trace_id.get(None) is None


def test_nothing_of_it_is_imported_where_it_is_off() -> None:
    program = (
        "import sys; from server.app import create_app; from server.database import create_engine,"
        " read_url; from server.settings import Settings; settings = Settings();"
        " create_app(settings, create_engine(settings, read_url('postgresql://h/d')));"
        " sys.exit(any('opentelemetry.' + name in sys.modules for name in ('trace', 'sdk')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_what_a_process_does_by_itself_is_not_traced(
    client: httpx2.AsyncClient, database_url: URL, exporter: InMemorySpanExporter
) -> None:
    await client.post("/graphql", json={"query": "{ __typename }"})
    assert exporter.get_finished_spans()
    exporter.clear()
    engine = create_engine(Settings(telemetry=True), database_url)
    assert await ConfirmationExpiry(engine, Changes()).look() == 1
    await engine.dispose()
    assert not exporter.get_finished_spans()
