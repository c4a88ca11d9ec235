"""What is known of each HTTP request: its id, and the one line that the log gets of it.

`RequestRecorder` stands around the whole application. It names the request, adds the headers that
every answer has, and answers for whatever breaks inside.
"""

import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast
from uuid import uuid4

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")
_KEY = "sessiongraph.request"

_SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_CONTENT_SECURITY_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
)

_log = structlog.get_logger()


@dataclass(slots=True)
class RequestRecord:
    """A request as the log sees it: nothing that its sender wrote but the operation's name."""

    request_id: str
    method: str
    path: str
    operation: str | None = None
    errors: int = 0
    status: int | None = None
    started: float = field(default_factory=perf_counter)

    def log(self) -> None:
        """Write the request's line. Requests without an answer have no status."""
        _log.info(
            "request",
            method=self.method,
            path=self.path,
            operation=self.operation,
            status=self.status,
            errors=self.errors,
            milliseconds=round((perf_counter() - self.started) * 1000, 2),
        )


def record_of(scope: Scope) -> RequestRecord:
    """Give the record of the request that a scope belongs to."""
    return cast("RequestRecord", scope[_KEY])


class RequestRecorder:
    """Records each HTTP request (ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestRecord(_request_id(scope), scope["method"], _path(scope))
        scope[_KEY] = record

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message["headers"] = _complete(message.get("headers", []), record.request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=record.request_id):
            try:
                await self._app(scope, receive, send_recorded)
            except Exception:  # noqa: BLE001  the last line: a client never reads a traceback
                _log.exception("internal error")
                if record.status is None:
                    await _send_internal_error(send_recorded, record)
            finally:
                record.log()


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _SANE_REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid4().hex


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path[:100]


def _complete(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    complete = [*headers, (b"x-request-id", request_id.encode()), *_SECURITY_HEADERS]
    if not any(name == _CONTENT_SECURITY_POLICY[0] for name, _ in headers):
        complete.append(_CONTENT_SECURITY_POLICY)
    return complete


async def _send_internal_error(send: Send, record: RequestRecord) -> None:
    record.errors = 1
    error = {
        "message": "Internal error",
        "extensions": {"code": "INTERNAL", "requestId": record.request_id},
    }
    body = orjson.dumps({"errors": [error]})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
