"""What stands before /graphql: it lets whole, bounded JSON bodies through and refuses the rest.

POST is for every operation and GET for queries; bodies are JSON in UTF-8 without a content
encoding, of a bounded size, and arrive within a bounded time.
"""

from collections.abc import Callable

from starlette.types import Receive, Scope

from resolvers.errors import Invalid
from server.http.media_types import is_json
from server.http.refusals import Refusal
from server.http.request_record import Headers
from server.operations.errors import Limited
from server.settings import Settings
from server.time_limit import TimeIsUp, TimeLimit

_CLOSE = {"connection": "close"}


class HTTPGuard:
    """Guards an endpoint."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._time_limit = TimeLimit(settings.body_timeout_seconds)

    def check_head(self, scope: Scope, headers: Headers) -> None:
        """Check what stands before a request's body. Raises `Refusal`."""
        self.check_size_of_head(scope)
        if scope["method"] == "GET":
            _check_get(headers)
        else:
            self._check_post(scope["method"], headers)

    async def read_body(
        self, scope: Scope, receive: Receive, count: Callable[[int], None]
    ) -> bytes | None:
        """Read a request's whole body; None if the client went away. Raises `Refusal`.

        `count` hears how many bytes came; what it raises ends the request.
        """
        if scope["method"] == "GET":
            return b""
        try:
            return await self._time_limit.run(self._receive_body(receive, count))
        except TimeIsUp:
            seconds = self._time_limit.seconds
            raise Refusal(
                408, Limited(f"The body must arrive within {seconds:g} seconds."), _CLOSE
            ) from None

    def check_size_of_head(self, scope: Scope) -> None:
        """Check how large a request's URL and headers are. Raises `Refusal`."""
        allowed = self._settings.max_header_bytes
        if sum([len(name) + len(value) for name, value in scope["headers"]]) > allowed:
            raise Refusal(431, Limited(f"The headers may have {allowed:,} bytes."))
        allowed = self._settings.max_url_bytes
        if len(scope["path"]) + len(scope["query_string"]) > allowed:
            raise Refusal(
                414, Limited(f"The URL may have {allowed:,} bytes; POST the request instead.")
            )

    def _check_post(self, method: str, headers: Headers) -> None:
        if method != "POST":
            raise Refusal(405, Invalid("Use POST, or GET for queries."), {"allow": "GET, POST"})
        if not is_json(headers.get(b"content-type", b"")):
            raise Refusal(
                415,
                Invalid("The body must be JSON: send `content-type: application/json`."),
            )
        if b"content-encoding" in headers:
            raise Refusal(
                415,
                Invalid("Send the body without a content encoding."),
                {"accept-encoding": "identity"},
            )
        self.check_declared_size(headers)

    def check_declared_size(self, headers: Headers) -> None:
        """Check the size that a body is said to have. Raises `Refusal`."""
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit():
            raise Refusal(400, Invalid("`content-length` must be a whole number."), _CLOSE)
        # compared by length first, since int() refuses thousands of digits
        allowed = self._settings.max_body_bytes
        if len(declared) > len(str(allowed)) or int(declared) > allowed:
            raise self.too_large()

    async def _receive_body(self, receive: Receive, count: Callable[[int], None]) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            piece = message.get("body", b"")
            count(len(piece))
            body += piece
            if len(body) > self._settings.max_body_bytes:
                raise self.too_large()
            if not message.get("more_body", False):
                return bytes(body)

    def too_large(self) -> Refusal:
        """Say that a body is too large.

        The connection stays open and the rest of the body is passed over: a client that still sends
        when it is closed may never read the answer (RFC 9112, section 9.6).
        """
        allowed = self._settings.max_body_bytes
        return Refusal(413, Limited(f"The body may have {allowed:,} bytes."))


def _check_get(headers: Headers) -> None:
    if headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers:
        raise Refusal(400, Invalid("A GET request has no body."), _CLOSE)
