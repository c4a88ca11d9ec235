"""Lets web pages of other origins use the API (CORS, https://fetch.spec.whatwg.org).

Without it a browser keeps answers from them, and does not send their requests in the first place:
JSON needs to be asked for.
"""

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

_PREFLIGHT_SECONDS = 600


def allow_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Let pages of these origins use an application; keys go in a header, cookies are not used."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=[
            "authorization",
            "baggage",
            "content-type",
            "traceparent",
            "tracestate",
            "x-request-id",
        ],
        expose_headers=["retry-after", "x-request-id"],
        max_age=_PREFLIGHT_SECONDS,
    )
