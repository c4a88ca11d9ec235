"""Answers, as bytes."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from starlette.types import Scope, Send

from server.http.graphql_errors import format_error
from server.http.media_types import JSON, negotiate
from server.http.refusals import Refusal
from server.http.request_record import record_of


async def send_bytes(
    send: Send,
    status: int,
    media_type: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Send a whole answer in UTF-8."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", _in_utf_8(media_type)),
                (b"content-length", b"%d" % len(body)),
                *[(name.encode(), value.encode()) for name, value in (headers or {}).items()],
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


@lru_cache(64)
def _in_utf_8(media_type: str) -> bytes:
    return f"{media_type}; charset=utf-8".encode("ascii")


async def send_refusal(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Say why a request was refused, as a GraphQL response without data."""
    record = record_of(scope)
    record.errors = 1
    body = dump({"errors": [format_error(refusal.error, record.request_id)]})
    media_type = negotiate(record.headers.get(b"accept")) or JSON
    await send_bytes(send, refusal.status, media_type, body, {"vary": "accept", **refusal.headers})


def dump(value: Any) -> bytes:
    """Write JSON. Raises `TypeError` for what is none. Times end in Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
