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
from server.authentication import Authenticator
from server.caller import Caller
from server.http.graphql_endpoint import GraphQLEndpoint
from server.http.health import Health
from server.http.known_hosts import KnownHosts
from server.http.request_record import RequestRecorder
from server.operations.operation_runner import OperationRunner
from server.persisted_documents import PersistedDocuments
from server.settings import Settings

_GC_THRESHOLD = (200_000, 20, 100)
"""A page of rows makes tens of thousands of objects, none of them garbage until it is sent."""
_SWITCH_SECONDS = 0.001
"""How long requests wait while a thread prepares a document; Python's own is five times as long."""


def create_app(settings: Settings, engine: AsyncEngine) -> ASGIApp:
    """Make the application (ASGI). It disposes of the engine when it stops."""

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        # what was made until now lives as long as the process: collections need not look at it
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLD)
        sys.setswitchinterval(_SWITCH_SECONDS)
        yield
        await engine.dispose()

    health = Health(engine)
    router = Router(
        [Route("/healthz", health.healthz), Route("/readyz", health.readyz)],
        redirect_slashes=False,
        lifespan=lifespan,
    )
    runner = OperationRunner(schema, PersistedDocuments(engine, settings).find, settings)
    authenticate = Authenticator(engine, settings.requires_key).caller

    def context_for(caller: Caller) -> Context:
        return Context(engine, caller.project_id, caller.scopes)

    endpoint = GraphQLEndpoint(runner, authenticate, context_for, settings)
    return RequestRecorder(_check_host(settings, at_graphql(endpoint, router)))


def at_graphql(endpoint: ASGIApp, router: ASGIApp) -> ASGIApp:
    """Give requests to /graphql to an endpoint, past the router, which takes the rest."""

    def switch(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        goes_on = scope["type"] != "http" or scope["path"] != "/graphql"
        return (router if goes_on else endpoint)(scope, receive, send)

    return switch


def _check_host(settings: Settings, app: ASGIApp) -> ASGIApp:
    """Refuse other names where no key is asked for.

    Any page in a browser of this machine could point a name of its own at this address and use
    the API as if it came from here (DNS rebinding).
    """
    if settings.requires_key or not settings.is_loopback or settings.insecure:
        return app
    return KnownHosts(app, ["localhost", "127.0.0.1", "::1", settings.host])
