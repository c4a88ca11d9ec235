"""What stands before /graphql: it lets whole, bounded JSON bodies through and refuses the rest.

POST is for every operation and GET for queries; bodies are JSON in UTF-8 without a content
encoding, of a bounded size, and arrive within a bounded time. What is behind the guard receives
the body in one message.
"""

from asyncio import timeout

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.errors import Invalid
from server.http.media_types import is_json
from server.http.refusals import Limited, Refusal
from server.http.responses import send_refusal
from server.settings import Settings

_CLOSE = {"connection": "close"}


class HTTPGuard:
    """Guards a GraphQL endpoint (ASGI)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and read its body; pass both on or answer why not."""
        headers = Headers(scope=scope)
        try:
            self._check_size_of_head(scope, headers)
            if scope["method"] == "GET":
                _check_get(headers)
                body: bytes | bytearray | None = b""
            else:
                self._check_post(scope["method"], headers)
                body = await self._read_body(receive)
        except Refusal as refusal:
            await send_refusal(scope, send, refusal)
            return
        if body is not None:
            await self._app(scope, _replay(body, receive), send)

    def _check_size_of_head(self, scope: Scope, headers: Headers) -> None:
        allowed = self._settings.max_header_bytes
        if sum(len(name) + len(value) for name, value in headers.raw) > allowed:
            raise Refusal(431, Limited(f"The headers may have {allowed:,} bytes."))
        allowed = self._settings.max_url_bytes
        if len(scope["path"]) + len(scope["query_string"]) > allowed:
            raise Refusal(
                414, Limited(f"The URL may have {allowed:,} bytes; POST the request instead.")
            )

    def _check_post(self, method: str, headers: Headers) -> None:
        if method != "POST":
            raise Refusal(405, Invalid("Use POST, or GET for queries."), {"allow": "GET, POST"})
        content_types = headers.getlist("content-type")
        if len(content_types) != 1 or not is_json(content_types[0]):
            raise Refusal(
                415,
                Invalid("The body must be JSON: send `content-type: application/json`."),
            )
        if "content-encoding" in headers:
            raise Refusal(
                415,
                Invalid("Send the body without a content encoding."),
                {"accept-encoding": "identity"},
            )
        declared = headers.get("content-length", "0")
        if not (declared.isascii() and declared.isdigit()):
            raise Refusal(400, Invalid("`content-length` must be a whole number."), _CLOSE)
        # compared by length first, since int() refuses thousands of digits
        allowed = self._settings.max_body_bytes
        if len(declared) > len(str(allowed)) or int(declared) > allowed:
            raise self._too_large()

    async def _read_body(self, receive: Receive) -> bytearray | None:
        """Read the whole body; None if the client went away."""
        body = bytearray()
        try:
            async with timeout(self._settings.body_timeout_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > self._settings.max_body_bytes:
                        raise self._too_large()
                    if not message.get("more_body", False):
                        return body
        except TimeoutError:
            seconds = self._settings.body_timeout_seconds
            raise Refusal(
                408, Limited(f"The body must arrive within {seconds:g} seconds."), _CLOSE
            ) from None

    def _too_large(self) -> Refusal:
        allowed = self._settings.max_body_bytes
        return Refusal(413, Limited(f"The body may have {allowed:,} bytes."), _CLOSE)


def _check_get(headers: Headers) -> None:
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        raise Refusal(400, Invalid("A GET request has no body."), _CLOSE)


def _replay(body: bytes | bytearray, receive: Receive) -> Receive:
    """Make a `receive` that gives the body at once, then what the server has to say."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_body() -> Message:
        return pending.pop() if pending else await receive()

    return receive_body
