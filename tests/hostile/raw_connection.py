"""A connection on which any bytes can be sent, and the answers that come back on it."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from io import BufferedReader
from select import select
from typing import cast

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
        return Answers(connection).read(method)


class _KeptOpen(BufferedReader):
    def close(self) -> None:
        """Stay open, since a response closes what it is read from."""


class Answers:
    """The answers that come on a connection, one after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = _KeptOpen(socket.SocketIO(connection, "r"))

    def makefile(self, _mode: str) -> BufferedReader:
        """Be what `HTTPResponse` takes for a socket."""
        return self._file

    def read(self, method: str = "POST") -> Answer:
        """Read an answer; `CLOSED` where the server closed the connection in its place."""
        return _read(HTTPResponse(cast("socket.socket", self), method=method))


def _read(response: HTTPResponse) -> Answer:
    try:
        response.begin()
        body = response.read()
    except (ConnectionError, HTTPException):
        return CLOSED
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, body)
