"""Refuses requests to names that are not the server's own (ASGI)."""

from collections.abc import Sequence

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.request_record import record_of

_MAX_REMEMBERED = 100
_HOST = b"host"


class KnownHosts:
    """Lets requests to known hosts through; Starlette's middleware decides once for each header.

    Inside a `RequestRecorder`.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._check = TrustedHostMiddleware(self._remember, allowed_hosts=hosts, www_redirect=False)
        self._known: set[bytes] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and record_of(scope).headers.get(_HOST) in self._known:
            await self._app(scope, receive, send)
        else:
            await self._check(scope, receive, send)

    async def _remember(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and len(self._known) < _MAX_REMEMBERED:
            self._known.add(record_of(scope).headers[_HOST])
        await self._app(scope, receive, send)
