"""The application: its paths, what stands around them, and what happens at start and stop."""

import gc
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from resolvers.context import Context
from schema import schema
from server.addresses import is_loopback, write_host
from server.authentication.authenticator import Authenticator
from server.backend import Backend
from server.caller import Caller
from server.confirmation_expiry import ConfirmationExpiry
from server.expiry import Expiry
from server.http.cross_origin import allow_origins
from server.http.event_stream import EventStreams
from server.http.graphql_endpoint import GraphQLEndpoint
from server.http.health import Health
from server.http.known_hosts import KnownHosts
from server.http.request_record import RequestRecorder
from server.http.web_pages import WebPages
from server.idempotency_key_expiry import IdempotencyKeyExpiry
from server.metrics import Metrics
from server.notices.change_notices import ChangeNotices
from server.open_streams import OpenStreams
from server.operations.operation_log import OperationLog
from server.operations.operation_metrics import OperationMetrics
from server.operations.operation_runner import OperationRunner
from server.otlp.span_metrics import SpanMetrics
from server.otlp.span_sweep import SpanSweep
from server.otlp.traces_endpoint import PATH as TRACES_PATH
from server.otlp.traces_endpoint import TracesEndpoint
from server.persisted_documents import PersistedDocuments
from server.process_metrics import add_process_metrics
from server.retention import Retention
from server.settings import Settings
from server.telemetry import open_tracing
from server.websocket.endpoint import WebSocketEndpoint

_GC_THRESHOLD = (200_000, 20, 100)
"""A page of rows makes tens of thousands of objects, none of them garbage until it is sent."""
_SWITCH_SECONDS = 0.001
"""How long requests wait while a thread prepares a document; Python's own is five times as long."""


def create_app(
    settings: Settings, engine: AsyncEngine, streams: OpenStreams | None = None
) -> ASGIApp:
    """Make the application (ASGI). It disposes of the engine when it stops.

    `streams` are told when it begins to stop, by whoever gives them.
    """
    authenticator = Authenticator(engine, settings)
    notices = ChangeNotices(settings, engine.url)
    confirmation_expiry = ConfirmationExpiry(engine, notices.changes)
    expiry = Expiry(engine, notices.changes)
    retention = Retention(engine, notices.changes)
    key_expiry = IdempotencyKeyExpiry(engine, settings.idempotency_key_retention_days)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        # what was made until now lives as long as the process: collections need not look at it
        export = tracing.Export() if tracing is not None else None
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLD)
        sys.setswitchinterval(_SWITCH_SECONDS)
        async with (
            authenticator.key_use.written(),
            metrics.kept_fresh(),
            notices.exchanged(),
            confirmation_expiry.running(),
            expiry.running(),
            retention.running(),
            key_expiry.running(),
            sweep.running(),
        ):
            yield
        await engine.dispose()
        if export is not None:
            await export.stop()

    tracing = open_tracing(settings)
    metrics = Metrics()
    span_metrics = SpanMetrics(metrics)
    sweep = SpanSweep(engine, notices.changes, span_metrics)
    health = Health(engine)
    routes = [Route("/healthz", health.healthz), Route("/readyz", health.readyz)]
    pages = WebPages(has_graphiql=settings.serves_graphiql)
    if not settings.trusted_documents_only:  # which would refuse what the pages send
        routes += pages.routes
    metrics_route = Route("/metrics", metrics.answer)
    if settings.serves_metrics:
        routes.append(metrics_route)
    router = Router(routes, redirect_slashes=False, lifespan=lifespan)
    kind_of_runner = OperationRunner if tracing is None else tracing.TracedOperationRunner
    runner = kind_of_runner(schema, PersistedDocuments(engine, settings).find, settings)

    def context_for(caller: Caller) -> Context:
        return Context(engine, caller.project_id, notices.changes)

    add_process_metrics(metrics, engine, runner.documents)
    metrics.gauge(
        "sessiongraph_subscriptions", "Subscriptions under way.", lambda: runner.subscriptions
    )
    metrics.gauge(
        "sessiongraph_waits", "Queries that wait for a decision.", lambda: runner.waits.number
    )
    for counted in (notices, expiry, retention, key_expiry):
        counted.add_metrics(metrics)
    log = OperationLog(OperationMetrics(metrics), settings.slow_operation_seconds)
    backend = Backend(
        runner, authenticator.caller, context_for, authenticator.is_valid, log, settings
    )
    router.routes.append(Route(TRACES_PATH, TracesEndpoint(backend, span_metrics)))
    if streams is None:
        streams = OpenStreams(settings)
    streams.when_stopping(runner.waits.stop)
    app = _check_host(settings, serve_graphql(backend, streams, pages, router))
    if settings.metrics_port is not None:
        own = Router([metrics_route], redirect_slashes=False)
        app = at_port(settings.metrics_port, _only_hosts(settings.metrics_host, own), app)
    app = RequestRecorder(app, log, speaks_tls=settings.speaks_tls)
    return app if tracing is None else tracing.TracedRequests(app)


def serve_graphql(
    backend: Backend, streams: OpenStreams, pages: WebPages, router: ASGIApp
) -> ASGIApp:
    """Serve /graphql over every transport, past the router, which takes the rest."""
    over_http = allow_origins(
        GraphQLEndpoint(backend, EventStreams(backend, streams), pages),
        backend.settings.allowed_origins,
    )
    over_websocket = WebSocketEndpoint(backend, streams)

    def switch(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        app: ASGIApp = router
        if scope["type"] != "lifespan" and scope["path"] == "/graphql":
            app = over_http if scope["type"] == "http" else over_websocket
        return app(scope, receive, send)

    return switch


def at_port(port: int, there: ASGIApp, elsewhere: ASGIApp) -> ASGIApp:
    """Give requests that came in by a port to an application, and all others to another."""

    def switch(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        server = scope.get("server")  # None for the lifespan
        is_there = server is not None and server[1] == port
        return (there if is_there else elsewhere)(scope, receive, send)

    return switch


def _check_host(settings: Settings, app: ASGIApp) -> ASGIApp:
    """Refuse other names where no key is asked for."""
    if settings.requires_key or settings.insecure:
        return app
    return _only_hosts(settings.host, app)


def _only_hosts(host: str, app: ASGIApp) -> ASGIApp:
    """Refuse other names than those of this machine, if the address is its own.

    Any page in a browser of this machine could point a name of its own at this address and use
    what is there as if it came from here (DNS rebinding).
    """
    if not is_loopback(host):
        return app
    return KnownHosts(app, ["localhost", "127.0.0.1", "[::1]", write_host(host)])
