"""A connection on which any bytes can be sent, and the answers that come back on it."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from select import select

_PATIENCE_SECONDS = 20
_PIECE_BYTES = 65_536


@dataclass(frozen=True)
class Answer:
    """An answer; a connection that was closed without one has status 0."""

    status: int
    headers: dict[str, str]
    body: bytes


CLOSED = Answer(0, {}, b"")


def exchange(port: int, sent: bytes, *, method: str = "POST", ends: bool = False) -> Answer:
    """Send bytes on a connection of their own and read the first answer.

    Sending stops when an answer comes or the server closes.
    """
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS) as connection:
        with suppress(ConnectionError):
            for start in range(0, len(sent), _PIECE_BYTES):
                connection.sendall(sent[start : start + _PIECE_BYTES])
                if select([connection], [], [], 0)[0]:
                    break
        if ends:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        return read_answer(connection, method)


def read_answer(connection: socket.socket, method: str = "POST") -> Answer:
    """Read an answer; `CLOSED` where the server closed the connection in its place."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        body = response.read()
    except (ConnectionError, HTTPException):
        return CLOSED
    finally:
        response.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body)
