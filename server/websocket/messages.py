"""The messages of `graphql-transport-ws`, as text, and the codes that a socket is closed with."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

SUBPROTOCOL = "graphql-transport-ws"
MAX_ID_CHARACTERS = 128
_MAX_REASON_BYTES = 123  # RFC 6455, section 5.5: a control frame carries 125 bytes

_TYPES = {"connection_init", "ping", "pong", "subscribe", "complete"}
_TYPES_OF_OPERATIONS = {"subscribe", "complete"}


class CloseCode(IntEnum):
    """Why a socket is closed. Clients connect again after 1001, 1012, 1013, 4403 and 4408."""

    GOING_AWAY = 1001
    """Nothing was asked for a long time."""
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    """The client reads too slowly, answers no ping or has too many connections, or the database is
    away."""
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    """An operation was asked for before the connection was acknowledged."""
    FORBIDDEN = 4403
    """The key is missing, unknown or revoked."""
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITIALISATIONS = 4429
    INTERNAL_ERROR = 4500


class CloseSocket(Exception):
    """The socket is to be closed, with a code and a short reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a client, with members of the right types."""

    type: str
    id: str = ""
    """Of `subscribe` and `complete` only."""
    payload: dict[str, Any] | None = None
    size: int = 0
    """Characters of its text."""


def read_message(text: str) -> Message:
    """Read a message of a client. Raises `CloseSocket`."""
    try:
        members = orjson.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad("A message must be JSON (RFC 8259).") from error
    if not isinstance(members, dict):
        raise _bad("A message must be a JSON object.")
    kind, message_id, payload = members.get("type"), members.get("id"), members.get("payload")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise _bad("The `type` of the message is missing or unknown.")
    if kind not in _TYPES_OF_OPERATIONS:
        message_id = ""
    elif not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_ID_CHARACTERS:
        raise _bad(f"The `id` must be a string of 1 to {MAX_ID_CHARACTERS} characters.")
    if kind == "complete":
        payload = None
    elif not isinstance(payload, dict) and (payload is not None or kind == "subscribe"):
        raise _bad(f"The `payload` of `{kind}` must be an object.")
    return Message(kind, message_id, payload, len(text))


def read_authorization(payload: dict[str, Any] | None) -> str | None:
    """Give the `authorization` of a `connection_init`, whatever its case. Raises `CloseSocket`.

    Clients that write all HTTP headers put them in `headers`.
    """
    members = payload or {}
    headers = members.get("headers")
    for names in (members, headers if isinstance(headers, dict) else {}):
        for name, value in names.items():
            if name.lower() == "authorization" and value is not None:
                if not isinstance(value, str):
                    raise _bad("`authorization` must be a string.")
                return value
    return None


def write_message(kind: str, message_id: str | None = None, payload: bytes | None = None) -> bytes:
    """Write a message; `payload` is JSON already."""
    parts = [b'{"type":"', kind.encode(), b'"']
    if message_id is not None:
        parts += [b',"id":', orjson.dumps(message_id)]
    if payload is not None:
        parts += [b',"payload":', payload]
    return b"".join([*parts, b"}"])


def _bad(reason: str) -> CloseSocket:
    return CloseSocket(CloseCode.BAD_REQUEST, reason)
