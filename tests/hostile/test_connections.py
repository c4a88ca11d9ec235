"""Clients that are slow, rude or dishonest on the wire, many at once, against a server process.

Whatever they do, point reads are answered meanwhile, their connections end, and memory is given
back.
"""

import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count

import pytest
from sqlalchemy.engine import URL

from tests.hostile.hostile_server import HostileServer, hostile_server
from tests.hostile.raw_connection import Answers

_HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
_MAX_CONNECTIONS = 300
_PATIENCE_SECONDS = 30
_LONGEST_READ_SECONDS = 5
_MEGABYTE = 1_000_000
_LARGE_CHARACTERS = 3 * _MEGABYTE
_MOST_GROWTH_BYTES = 80 * _MEGABYTE
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


@pytest.fixture(scope="module")
def server(
    server_url: URL, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HostileServer]:
    """A server process that waits for little more than a second."""
    limits = {
        "head_timeout_seconds": 1.5,
        "body_timeout_seconds": 1.5,
        "send_timeout_seconds": 1.5,
        "max_connections": _MAX_CONNECTIONS,
    }
    folder = tmp_path_factory.mktemp("connections")
    with hostile_server(server_url, template, folder, **limits) as made:
        made.check_point_read()
        yield made


@pytest.fixture(autouse=True)
def _lives_on(server: HostileServer) -> Iterator[None]:
    before = server.resident_bytes()
    yield
    _wait_until(server, lambda: not server.open_connections())
    growth = server.resident_bytes() - before
    assert growth < _MOST_GROWTH_BYTES, growth / _MEGABYTE
    log = server.new_log()
    assert "Traceback" not in log, log
    assert '"level":"error"' not in log, log
    assert "/smuggled" not in log


def _wait_until(server: HostileServer, is_so: Callable[[], bool]) -> None:
    """Read points until something is so."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        started = time.monotonic()
        server.check_point_read()
        assert time.monotonic() - started < _LONGEST_READ_SECONDS


def _connect(server: HostileServer, *, receives: int | None = None) -> socket.socket:
    connection = socket.socket()
    if receives is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    connection.settimeout(_PATIENCE_SECONDS)
    connection.connect(("127.0.0.1", server.port))
    return connection


@contextmanager
def _connections(
    server: HostileServer, number: int, *, receives: int | None = None
) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(_connect(server, receives=receives)) for _ in range(number)]


def _authorized(server: HostileServer) -> bytes:
    return _HEAD + b"authorization: Bearer %b\r\n" % server.places["key"].encode()


def _is_closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        pass
    finally:
        connection.settimeout(_PATIENCE_SECONDS)
    return True


def _trickle(connections: list[socket.socket], number: int) -> bool:
    """Send a byte on each that is open; tell whether none is."""
    is_open = [one for one in connections if not _is_closed(one)]
    for connection in is_open:
        with suppress(ConnectionError):
            connection.send(b"ab"[number % 2 : number % 2 + 1])
    return not is_open


@pytest.mark.parametrize(
    "opening",
    [
        b"",
        b"GET ",
        b"GET /healthz HTTP/1.1\r\nx-a: ",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET ",
    ],
    ids=["before the head", "in the line", "in a header", "after an answer"],
)
def test_heads_that_come_a_byte_at_a_time(server: HostileServer, opening: bytes) -> None:
    numbers = count()
    with _connections(server, 100) as connections:
        for connection in connections:
            connection.sendall(opening)
        _wait_until(server, lambda: _trickle(connections, next(numbers)))


def test_bodies_that_come_a_byte_at_a_time(server: HostileServer) -> None:
    numbers = count()
    with _connections(server, 100) as connections:
        for connection in connections:
            connection.sendall(_authorized(server) + b"content-length: 1000000\r\n\r\n")
        _wait_until(server, lambda: _trickle(connections, next(numbers)))


def test_bodies_of_refused_requests_that_come_a_byte_at_a_time(server: HostileServer) -> None:
    numbers = count()
    with _connections(server, 100) as connections:
        for connection in connections:
            connection.sendall(_HEAD + b"content-length: 1000000\r\n\r\n")
        _wait_until(server, lambda: _trickle(connections, next(numbers)))


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"])
def test_connections_on_which_nothing_happens(server: HostileServer, sent: bytes) -> None:
    with _connections(server, 200) as connections:
        for connection in connections:
            connection.sendall(sent)
        _wait_until(server, lambda: all(map(_is_closed, connections)))


def test_more_connections_than_are_allowed(server: HostileServer) -> None:
    most = 0
    with _connections(server, 0) as connections, ExitStack() as stack:
        for number in range(3 * _MAX_CONNECTIONS):
            connections.append(stack.enter_context(_connect(server)))
            if number % 50 == 0:
                server.check_point_read()
                most = max(most, server.open_connections())
        assert most <= _MAX_CONNECTIONS + 60
        _wait_until(server, lambda: all(map(_is_closed, connections)))


@pytest.mark.parametrize("ends", ["before the body", "in the body", "after the body"])
def test_half_closed_connections(server: HostileServer, ends: str) -> None:
    body = b'{"query": "{ sessions { nodes { id } } }"}'
    sent = {"before the body": b"", "in the body": body[:9], "after the body": body}[ends]
    with _connections(server, 100) as connections:
        for connection in connections:
            head = _authorized(server) + b"content-length: %d\r\n\r\n" % len(body)
            connection.sendall(head + sent)
            connection.shutdown(socket.SHUT_WR)
        _wait_until(server, lambda: all(map(_is_closed, connections)))


@pytest.mark.parametrize("resets", [False, True])
def test_thousands_of_connections_that_are_dropped(server: HostileServer, resets: bool) -> None:
    request = _authorized(server) + b"content-length: 26\r\n\r\n"
    for number in range(2_000):
        with _connect(server) as connection:
            if resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            with suppress(ConnectionError):
                connection.sendall(request[: number % (len(request) + 1)])
        if number % 200 == 0:
            server.check_point_read()


def test_large_answers_that_nobody_reads(server: HostileServer) -> None:
    large = server.execute(
        """mutation ($content: String) {
          recordMessage(input: {session: "session", role: USER, content: $content}) {
            message { id }
          }
        }""",
        content="a" * _LARGE_CHARACTERS,
    )
    document = b'{"query": "{ message(id: \\"%b\\") { content } }"}' % (
        large["recordMessage"]["message"]["id"].encode()
    )
    request = _authorized(server) + b"content-length: %d\r\n\r\n" % len(document) + document
    before = server.resident_bytes()
    with _connections(server, 60, receives=4_096) as connections:
        for connection in connections:
            connection.sendall(request)
        _wait_until(server, lambda: not server.open_connections())
    # each took a copy of the answer, and all are given back but for what is being reused
    assert server.resident_bytes() - before < _MOST_GROWTH_BYTES


def test_pipelined_requests_whose_answers_nobody_reads(server: HostileServer) -> None:
    requests = b"GET / HTTP/1.1\r\n\r\n" * 14_000
    with _connections(server, 40, receives=4_096) as connections:
        for connection in connections:
            connection.setblocking(False)
            with suppress(BlockingIOError, ConnectionError):
                connection.send(requests)
        _wait_until(server, lambda: not server.open_connections())


def test_pipelined_requests_are_answered_in_turn(server: HostileServer) -> None:
    with _connect(server) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n" * 50)
        answers = Answers(connection)
        assert [answers.read().status for _ in range(50)] == [200] * 50


@pytest.mark.parametrize("coding", ["trailers", "a trailer", "extensions", "chunks"])
def test_chunks_without_an_end(server: HostileServer, coding: str) -> None:
    opening, piece = {
        "trailers": (b"2\r\n{}\r\n0\r\n", b"a: b\r\n" * 10_000),
        "a trailer": (b"2\r\n{}\r\n0\r\na: ", b"b" * 65_536),
        "extensions": (b"2;", b"a" * 65_536),
        "chunks": (b"", b"1\r\n \r\n" * 10_000),
    }[coding]
    with _connect(server) as connection, suppress(ConnectionError):
        connection.sendall(_authorized(server) + b"transfer-encoding: chunked\r\n\r\n" + opening)
        for _ in range(3_000):  # up to 200 MB
            connection.sendall(piece)
        pytest.fail("The server reads on.")


_SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n"
SMUGGLING = {
    "a size before chunks": b"content-length: 5\r\n" + _CHUNKED + b"\r\n0\r\n\r\n",
    "chunks before a size": _CHUNKED + b"content-length: 5\r\n\r\n0\r\n\r\n",
    "two sizes": b"content-length: 0\r\ncontent-length: 36\r\n\r\n",
    "two sizes in one": b"content-length: 0, 36\r\n\r\n",
    "a folded coding": b"content-length: 36\r\ntransfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a folded size": b"content-length:\r\n 0\r\n\r\n",
    "a tab before chunked": b"content-length: 36\r\ntransfer-encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"content-length : 0\r\n\r\n",
    "a space behind the coding": b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
    "an unknown coding": b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": b"transfer-encoding: chunked\r\ntransfer-encoding: cow\r\n\r\n0\r\n\r\n",
    "chunked, identity": b"transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a coding in quotes": b'content-length: 36\r\ntransfer-encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a size with a plus": b"content-length: +0\r\n\r\n",
    "a size below 0": b"content-length: -36\r\n\r\n",
    "a chunk of a size too large": _CHUNKED + b"\r\n10000000000000000\r\n\r\n",
    "a chunk size with 0x": _CHUNKED + b"\r\n0x0\r\n\r\n",
    "a bare line feed in a chunk size": _CHUNKED + b"\r\n0\n\n",
    "a line feed in an extension": _CHUNKED + b"\r\n2;\n{}\r\n0\r\n\r\n",
    "a bare carriage return": b"x-a: b\rcontent-length: 0\r\n\r\n",
    "a NUL in a name": b"content-\x00length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
def test_a_request_hidden_in_another(server: HostileServer, name: str) -> None:
    """Where two servers could disagree on a request's end, it is refused and nothing is read on."""
    with _connect(server) as connection:
        connection.sendall(_authorized(server) + SMUGGLING[name] + _SMUGGLED)
        answer = Answers(connection).read()
        assert answer.status == 400, answer
        assert answer.headers.get("connection") == "close"
        assert _reads_nothing_more(connection)


def _reads_nothing_more(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    ("refused_by", "status"),
    [
        (b"authorization: Bearer sg_a_b\r\n", 401),
        (b"", 401),
        (b"accept: text/html\r\n", 406),
        (b"content-encoding: gzip\r\n", 415),
    ],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_is_refused_unread_is_no_request(
    server: HostileServer, refused_by: bytes, status: int, is_chunked: bool
) -> None:
    body = _SMUGGLED * 3_000
    framed = b"content-length: %d\r\n\r\n%b" % (len(body), body)
    if is_chunked:
        framed = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    document = b'{"query": "{ __typename }"}'
    good = _authorized(server) + b"content-length: %d\r\n\r\n" % len(document) + document
    with _connect(server) as connection:
        connection.sendall(_HEAD + refused_by + framed + good)
        answers = Answers(connection)
        assert answers.read().status == status
        answer = answers.read()
        assert (answer.status, answer.body) == (200, b'{"data":{"__typename":"Query"}}')


def test_a_body_too_large_is_passed_over(server: HostileServer) -> None:
    """Its sender can read why it is refused, and what is in it is no request."""
    size = 10_000_001
    body = (_SMUGGLED * (size // len(_SMUGGLED) + 1))[:size]
    document = b'{"query": "{ __typename }"}'
    good = _authorized(server) + b"content-length: %d\r\n\r\n" % len(document) + document
    with _connect(server) as connection:
        connection.sendall(_authorized(server) + b"content-length: %d\r\n\r\n" % size)
        answers = Answers(connection)
        assert answers.read().status == 413
        connection.sendall(body + good)
        answer = answers.read()
        assert (answer.status, answer.body) == (200, b'{"data":{"__typename":"Query"}}')


def test_the_answers_of_one_connection_do_not_mix(server: HostileServer) -> None:
    """Each answer to pipelined requests has the id that its request gave."""
    document = b'{"query": "{ __typename }"}'
    with _connect(server) as connection:
        for number in range(20):
            head = b"x-request-id: r%d\r\ncontent-length: %d\r\n\r\n" % (number, len(document))
            connection.sendall(_authorized(server) + head + document)
        answers = Answers(connection)
        given = [answers.read().headers["x-request-id"] for _ in range(20)]
    assert [re.sub(r"\D", "", each) for each in given] == [str(n) for n in range(20)]
