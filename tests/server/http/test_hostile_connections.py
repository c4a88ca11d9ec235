"""Bytes that are not HTTP, sent to the real server: it answers, or hangs up, and lives on."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from tests.server.http.hostile_requests import GOOD
from tests.server.http.toy_schema import toy_app

HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
WHOLE = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(GOOD) + GOOD

HOSTILE = {
    "nothing": b"",
    "noise": bytes(range(256)) * 40,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "HTTP/0.9": b"GET /graphql\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9": b"GET /graphql HTTP/9.9\r\n\r\n",
    "no host, no headers": b"POST /graphql HTTP/1.1\r\n\r\n",
    "half a header": b"POST /graphql HTTP/1.1\r\nhost",
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "a NUL in a header": b"GET / HTTP/1.1\r\nhost: a\x00b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nhost: x\r\n folded\r\n\r\n",
    "two sizes": HEAD + b"content-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
    "a size and chunks": HEAD + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative size": HEAD + b"content-length: -4\r\n\r\n",
    "a size in letters": HEAD + b"content-length: four\r\n\r\n",
    "an enormous size": HEAD + b"content-length: 99999999999999999999999999\r\n\r\n",
    "a chunk without a size": HEAD + b"transfer-encoding: chunked\r\n\r\nxyz\r\n",
    "an enormous chunk": HEAD + b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "an unknown transfer encoding": HEAD + b"transfer-encoding: gzip\r\n\r\n",
    "less than declared": HEAD + b"content-length: 1000\r\n\r\n" + GOOD,
    "more than declared": HEAD + b"content-length: 2\r\n\r\n" + GOOD,
    "a path beyond ASCII": "GET /gräphql HTTP/1.1\r\nhost: x\r\n\r\n".encode(),
    "a path of dots": b"GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n",
    "an absolute URL": b"GET http://elsewhere/ HTTP/1.1\r\nhost: x\r\n\r\n",
    "an authority": b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "an upgrade": b"GET /graphql HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    "a hundred requests at once": WHOLE * 100,
}


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a server of the toy."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        configuration = uvicorn.Config(
            toy_app(body_timeout_seconds=0.05, introspection=False),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
        )
        configuration.load()
        server = uvicorn.Server(configuration)
        server.lifespan = configuration.lifespan_class(configuration)
        await server.startup(sockets=[listener])
        yield listener.getsockname()[1]
        await server.shutdown(sockets=[listener])


async def _send(port: int, request: bytes, *, is_all: bool = True) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        if is_all:
            writer.write_eof()  # after which the server may hang up
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("name", HOSTILE)
async def test_the_server_survives(port: int, name: str) -> None:
    answer = await _send(port, HOSTILE[name])
    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert b"HTTP/1.1 5" not in answer
    assert b"Traceback" not in answer
    assert b".py" not in answer
    good = await _send(port, WHOLE, is_all=False)
    assert good.startswith(b"HTTP/1.1 200 ")
    assert good.endswith(b'{"data":{"hello":"hello world"}}')


async def test_a_client_that_still_sends_can_read_why_its_body_is_too_large(port: int) -> None:
    size = 15_000_000
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(30):
        writer.write(HEAD + b"content-length: %d\r\n\r\n" % size + b" " * size + WHOLE)
        await writer.drain()
        answers = await reader.read()
    writer.close()
    assert answers.startswith(b"HTTP/1.1 413 ")
    assert answers.endswith(b'{"data":{"hello":"hello world"}}')  # the next request's
