"""POST /v1/traces: takes the spans of agents by OTLP over HTTP.

An export that is answered with 200 is kept, whatever happens then; so it is sent again only after a
429 or a 503, or no answer.
"""

from asyncio import sleep, to_thread
from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.types import Receive, Scope, Send

from exchange.spans.reading import Export
from exchange.spans.receiving import Received, receive
from models import Scope as KeyScope
from resolvers.errors import DomainError, Forbidden, Invalid
from server.backend import Backend
from server.caller import Caller
from server.http.http_caller import find_caller
from server.http.http_guard import HTTPGuard
from server.http.refusals import Refusal, refusal_of
from server.http.request_record import Headers, RequestRecord, record_of
from server.operations.errors import Limited, RateLimited
from server.operations.graphql_errors import format_error, read_error
from server.operations.shares import REFUSAL_PAUSE_SECONDS, CountedRequest, Turn
from server.otlp.encodings import (
    AS_JSON,
    PROTOBUF,
    Encoding,
    TooLargeError,
    decompress,
    encoding_of,
)
from server.otlp.span_metrics import SpanMetrics

PATH = "/v1/traces"
_RETRY_SECONDS = 5
_SMALL_BYTES = 64_000
_BYTES_OF_A_SPAN = 100
"""What is sent to be recorded takes as long as what is read (`operation_runner.py`)."""
_MAX_TOLD = 5
_MAX_MESSAGE_CHARACTERS = 1_000


Read = TypeVar("Read")


class TracesEndpoint:
    """Takes exports of traces (ASGI), inside a `RequestRecorder`."""

    def __init__(self, backend: Backend, metrics: SpanMetrics) -> None:
        self._backend = backend
        self._guard = HTTPGuard(backend.settings)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        record = record_of(scope)
        encoding = encoding_of(record.headers.get(b"content-type", b"")) or AS_JSON
        try:
            self._check_head(scope, record.headers)
            received = await self._take(scope, receive, record, encoding)
        except Refusal as refusal:
            await _send_refusal(send, record, refusal, encoding)
            return
        if received is not None:
            body = encoding.write_response(len(received.refusals), _why(received.refusals))
            await _send(send, 200, encoding, body)

    def _check_head(self, scope: Scope, headers: Headers) -> None:
        self._guard.check_size_of_head(scope)
        if scope["method"] != "POST":
            raise Refusal(405, Invalid("Use POST."), {"allow": "POST"})
        if encoding_of(headers.get(b"content-type", b"")) is None:
            raise Refusal(
                415,
                Invalid(f"Send `content-type: {PROTOBUF}` or `application/json`."),
            )
        if headers.get(b"content-encoding", b"identity").lower() not in {b"gzip", b"identity"}:
            raise Refusal(
                415,
                Invalid("Send the body as gzip, or without a content encoding."),
                {"accept-encoding": "gzip"},
            )
        self._guard.check_declared_size(headers)

    async def _take(
        self, scope: Scope, receive: Receive, record: RequestRecord, encoding: Encoding
    ) -> Received | None:
        """Take in a request's spans; None if the client went away. Raises `Refusal`."""
        caller = await find_caller(self._backend.authenticate, record)
        if KeyScope.RECORD not in caller.scopes:
            needed = "To record spans needs the scope `record`, which this key does not have."
            raise refusal_of(Forbidden(needed))
        shares = self._backend.runner.shares
        try:
            with shares.request(shares.of(caller)) as counted:
                body = await self._guard.read_body(scope, receive, counted.add_bytes)
                if body is None:
                    return None
                is_gzip = record.headers.get(b"content-encoding", b"").lower() == b"gzip"
                export = await self._read(body, encoding, counted, is_gzip=is_gzip)
                return await self._record(export, caller, len(body))
        except RateLimited as error:
            await sleep(REFUSAL_PAUSE_SECONDS)
            raise refusal_of(error) from error

    async def _read(
        self, body: bytes, encoding: Encoding, counted: CountedRequest, *, is_gzip: bool
    ) -> Export:
        try:
            if is_gzip:
                allowed = self._backend.settings.max_body_bytes
                body = await _aside(lambda: decompress(body, allowed), len(body))
                counted.add_bytes(len(body))
            return await _aside(lambda: encoding.read(body), len(body))
        except TooLargeError as error:
            raise self._guard.too_large() from error
        except Invalid as error:
            raise refusal_of(error) from error

    async def _record(self, export: Export, caller: Caller, size: int) -> Received:
        runner = self._backend.runner
        share = runner.shares.of(caller)
        if share.cost is not None:
            share.cost.spend(1 + len(export.spans))
        weight = max(size // _BYTES_OF_A_SPAN, len(export.spans))
        try:
            async with Turn(runner.shares, share, weight):
                context = self._backend.context_for(caller)
                received = await runner.within_time(receive(context, export))
        except RateLimited:
            raise
        except Exception as error:
            raise _try_again(read_error(error)) from error
        self._metrics.count(received)
        return received


async def _aside(read: Callable[[], Read], size: int) -> Read:
    """Read a body; a large one in a thread, while others go on."""
    return read() if size <= _SMALL_BYTES else await to_thread(read)


def _try_again(error: DomainError) -> Refusal:
    """Refuse an export that may be taken later, such as when the database is not so busy."""
    if isinstance(error, Limited):
        return Refusal(503, error, {"retry-after": str(_RETRY_SECONDS)})
    refusal = refusal_of(error)
    if refusal.status == 503:  # noqa: PLR2004  as HTTP calls it
        return Refusal(503, error, {"retry-after": str(_RETRY_SECONDS)})
    return refusal


def _why(refusals: list[str]) -> str:
    """Say why spans were refused, each reason once and not too many."""
    reasons = list(dict.fromkeys(refusals))
    told = "; ".join(reasons[:_MAX_TOLD])[:_MAX_MESSAGE_CHARACTERS]
    return f"{told}; …" if len(reasons) > _MAX_TOLD else told


async def _send_refusal(
    send: Send, record: RequestRecord, refusal: Refusal, encoding: Encoding
) -> None:
    record.operation.fail(format_error(refusal.error, record.request_id))
    body = encoding.write_status(refusal.error.message)
    await _send(send, refusal.status, encoding, body, refusal.headers)


async def _send(
    send: Send,
    status: int,
    encoding: Encoding,
    body: bytes,
    headers: Mapping[str, str] | None = None,
) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", encoding.media_type.encode()),
                (b"content-length", b"%d" % len(body)),
                *[(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
