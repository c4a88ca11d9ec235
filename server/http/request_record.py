"""What is known of each HTTP request: its id, and the one line that the log gets of it.

`RequestRecorder` stands around the whole application. It names the request, adds the headers that
every answer has, and answers for whatever breaks inside.
"""

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias, cast

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid4

from server.operations.operation_log import OperationLog
from server.operations.operation_record import OperationRecord
from server.structured_logs import request_id

Headers: TypeAlias = Mapping[bytes, bytes]
"""A request's headers by their names in lower case; what was sent twice is one list."""

_SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_KEY = "sessiongraph.request"

_NO_CONTENT = b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_SECURITY_HEADERS = [
    (b"content-security-policy", _NO_CONTENT),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_ALWAYS_TLS = (b"strict-transport-security", b"max-age=31536000")

_log = structlog.get_logger()


@dataclass(slots=True)
class RequestRecord:
    """A request as the log sees it: nothing that its sender wrote but the operation's name."""

    request_id: str
    method: str
    path: str
    headers: Headers
    operation: OperationRecord
    status: int | None = None
    """None until the answer has begun."""
    started: float = field(default_factory=perf_counter)

    def facts(self) -> dict[str, Any]:
        """Give what the request's line in the log tells beside those of its operation."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "bytes": self.operation.sent_bytes,
            "milliseconds": round((perf_counter() - self.started) * 1000, 2),
        }


def record_of(scope: Scope) -> RequestRecord:
    """Give the record of the request that a scope belongs to."""
    return cast("RequestRecord", scope[_KEY])


class RequestRecorder:
    """Records each HTTP request (ASGI)."""

    def __init__(self, app: ASGIApp, log: OperationLog, *, speaks_tls: bool = False) -> None:
        self._app = app
        self._log = log
        self._security_headers = _SECURITY_HEADERS + [_ALWAYS_TLS] * speaks_tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = read_headers(scope)
        record = RequestRecord(
            _request_id(headers), scope["method"], scope["path"][:100], headers, self._log.begin()
        )
        scope[_KEY] = record

        def send_recorded(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message["headers"] = self._complete(message.get("headers", []), record)
            else:
                record.operation.sent_bytes += len(message.get("body", b""))
            return send(message)

        token = request_id.set(record.request_id)
        try:
            await self._app(scope, receive, send_recorded)
        except Exception:  # noqa: BLE001  the last line: a client never reads a traceback
            _log.exception("internal error")
            if record.status is None:
                await _send_internal_error(send_recorded, record)
        finally:
            self._end(record)
            request_id.reset(token)

    def _complete(
        self, headers: list[tuple[bytes, bytes]], record: RequestRecord
    ) -> list[tuple[bytes, bytes]]:
        given = dict(headers)
        return [
            *headers,
            (b"x-request-id", record.request_id.encode()),
            *[header for header in self._security_headers if header[0] not in given],
        ]

    def _end(self, record: RequestRecord) -> None:
        operation = record.operation
        facts = record.facts() if self._log.has_lines else {}
        if operation.kind is None and operation.code is None:  # another path, or GraphiQL
            _log.info("request", **facts)
        else:
            self._log.end(operation, "request", **facts)


def read_headers(scope: Scope) -> Headers:
    """Give the headers of a request by their names (RFC 9110, section 5.3)."""
    sent: list[tuple[bytes, bytes]] = scope["headers"]
    headers = dict(sent)
    if len(headers) < len(sent):
        # in one pass: a head may have tens of thousands of names
        values: dict[bytes, list[bytes]] = {name: [] for name in headers}
        for name, value in sent:
            values[name].append(value)
        headers = {name: b", ".join(each) for name, each in values.items()}
    return headers


def authorization_of(headers: Headers) -> str | None:
    """Give the Authorization header as text; None where there is none."""
    sent = headers.get(b"authorization")
    return None if sent is None else sent.decode("latin-1")


def _request_id(headers: Headers) -> str:
    given = headers.get(b"x-request-id")
    if given is not None and _SANE_REQUEST_ID.fullmatch(given):
        return given.decode("ascii")
    return uuid4().hex


async def _send_internal_error(send: Send, record: RequestRecord) -> None:
    error: dict[str, Any] = {
        "message": "Internal error",
        "extensions": {"code": "INTERNAL", "requestId": record.request_id},
    }
    record.operation.fail(error)
    body = orjson.dumps({"errors": [error]})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
