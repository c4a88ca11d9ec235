"""Answers, as bytes."""

from collections.abc import Mapping
from functools import lru_cache

import structlog
from starlette.types import Scope, Send

from server.http.media_types import JSON, negotiate
from server.http.refusals import Refusal
from server.http.request_record import record_of
from server.operations.answer import dump
from server.operations.graphql_errors import format_error
from server.time_limit import TimeIsUp, TimeLimit

PIECE_BYTES = 256 * 1024
"""Larger answers are sent in pieces of this size."""

_log = structlog.get_logger()


async def send_bytes(
    send: Send,
    status: int,
    media_type: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    time_limit: TimeLimit | None = None,
) -> None:
    """Send a whole answer in UTF-8.

    A large one goes in pieces, each of which waits until the one before it has left, for as long
    as `time_limit` says; a client that does not read it is hung up on.
    """
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
    if time_limit is not None and len(body) > PIECE_BYTES:
        last = (len(body) - 1) // PIECE_BYTES * PIECE_BYTES
        try:
            for start in range(0, last, PIECE_BYTES):
                piece = body[start : start + PIECE_BYTES]
                await time_limit.run(send_piece(send, piece))
        except TimeIsUp:
            _log.warning("client too slow", unsent_bytes=len(body) - start)
            return
        body = body[last:]
    await send({"type": "http.response.body", "body": body})


async def send_piece(send: Send, piece: bytes, more: bool = True) -> None:  # noqa: FBT001, FBT002
    """Send a piece of a body, when the client has read enough of those before it."""
    await send({"type": "http.response.body", "body": piece, "more_body": more})


@lru_cache(64)
def _in_utf_8(media_type: str) -> bytes:
    return f"{media_type}; charset=utf-8".encode("ascii")


async def send_refusal(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Say why a request was refused, as a GraphQL response without data."""
    record = record_of(scope)
    error = format_error(refusal.error, record.request_id)
    record.operation.fail(error)
    body = dump({"errors": [error]})
    media_type = negotiate(record.headers.get(b"accept")) or JSON
    await send_bytes(send, refusal.status, media_type, body, {"vary": "accept", **refusal.headers})
