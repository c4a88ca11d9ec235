"""Requests to /graphql as bytes."""

from collections.abc import Sequence
from typing import Any

import orjson


def write_request(key: str, members: Any, headers: Sequence[bytes] = ()) -> bytes:
    """Write a POST request with a key; `members` are JSON, or bytes to be sent as they are."""
    body = members if isinstance(members, bytes) else orjson.dumps(members)
    head = [
        b"POST /graphql HTTP/1.1",
        b"host: 127.0.0.1",
        b"authorization: Bearer " + key.encode(),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join([*head, b"", body])


def write_get(key: str, query_string: bytes) -> bytes:
    """Write a GET request with a key."""
    return b"GET /graphql?%b HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer %b\r\n\r\n" % (
        query_string,
        key.encode(),
    )
