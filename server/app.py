"""The application: its routes, what stands around them, and what happens at start and stop."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route

from resolvers.context import Context
from schema import schema
from server.authentication import Authenticator
from server.http.graphql_endpoint import GraphQLEndpoint
from server.http.health import healthz, readyz
from server.http.http_guard import HTTPGuard
from server.http.request_record import RequestRecorder
from server.persisted_documents import PersistedDocuments
from server.settings import Settings

_GC_THRESHOLD = (50_000, 20, 100)
"""A page of rows makes tens of thousands of objects, none of them garbage until it is sent."""


def create_app(settings: Settings, engine: AsyncEngine) -> Starlette:
    """Make the application. It disposes of the engine when it stops."""
    authenticator = Authenticator(engine, settings.requires_key)

    async def context_for(headers: Headers) -> Context:
        return await authenticator.context(headers.get("authorization"))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # what was made until now lives as long as the process: collections need not look at it
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLD)
        yield
        await engine.dispose()

    persisted = PersistedDocuments(engine, settings)
    endpoint = GraphQLEndpoint(schema, context_for, persisted.find, settings)
    app = Starlette(
        routes=[
            Route("/graphql", HTTPGuard(endpoint, settings)),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        middleware=[Middleware(RequestRecorder), *_host_check(settings)],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.engine = engine
    return app


def _host_check(settings: Settings) -> list[Middleware]:
    """Refuse other names where no key is asked for.

    Any page in a browser of this machine could point a name of its own at this address and use
    the API as if it came from here (DNS rebinding).
    """
    if settings.requires_key or not settings.is_loopback or settings.insecure:
        return []
    hosts = ["localhost", "127.0.0.1", "::1", settings.host]
    return [Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)]
