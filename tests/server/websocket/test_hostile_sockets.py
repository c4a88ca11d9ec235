"""Frames, messages and handshakes that are meant to hurt: the server answers others as before."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx2
import pytest

from tests.live_server import GraphQLSocket, LiveServer
from tests.server.toy_server import toy_server
from tests.server.websocket.frames import (
    CLOSE,
    CONTINUATION,
    HANDSHAKE,
    INIT,
    KEY,
    PING,
    TEXT,
    WHOLE,
    frame,
)
from tests.server.websocket.hostile_messages import BAD_MESSAGES, BAD_OPERATIONS, MARK


@pytest.fixture
async def server() -> AsyncIterator[LiveServer]:
    async with toy_server(connection_init_timeout_seconds=1, introspection=False) as made:
        yield made


async def _check_health(server: LiveServer) -> None:
    async with httpx2.AsyncClient() as http:
        url = f"http://127.0.0.1:{server.port}/graphql"
        response = await http.post(url, json={"query": "{ hello }"})
    assert response.json() == {"data": {"hello": "hello world"}}
    async with server.client() as client:
        await client.subscribe("a", "{ hello }")
        assert (await client.receive())["payload"] == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize("is_initialised", [True, False])
async def test_bad_messages(server: LiveServer, is_initialised: bool) -> None:
    for name, message in BAD_MESSAGES.items():
        async with server.connect() as socket:
            client = GraphQLSocket(socket)
            if is_initialised:
                await client.send(type="connection_init")
                await client.receive()
            await socket.send(message)
            code, reason = await client.close_code()
            # operations are refused before their payload is looked at
            early = 4401 if '"subscribe"' in str(message) and not is_initialised else 4400
            assert code in {4400, early}, name
            assert len(reason.encode()) <= 123
            assert MARK not in reason
    await _check_health(server)


async def test_bad_operations(server: LiveServer) -> None:
    async with server.client() as client:
        for name, payload in BAD_OPERATIONS.items():
            await client.send(type="subscribe", id=name, payload=payload)
            message = await client.receive()
            assert (message["type"], message["id"]) == ("error", name), message
            for text in (MARK, "Traceback", ".py", "SELECT"):
                assert text not in str(message)
        await client.subscribe("a", "{ hello }")
        assert (await client.receive())["type"] == "next"


async def _exchange(server: LiveServer, handshake: bytes, *sent: bytes) -> bytes:
    """Send a handshake, and frames once it was answered; give all that comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    answer = b""
    try:
        async with asyncio.timeout(20):
            writer.write(handshake)
            answer = await reader.readuntil(b"\r\n\r\n")
            for each in sent:
                writer.write(each)
                await writer.drain()
            return answer + await reader.read()
    except (ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError):
        return answer
    finally:
        writer.close()


def _close_code(answer: bytes) -> int:
    """Find the code of the close frame that an answer ends with."""
    _, _, frames = answer.partition(b"\r\n\r\n")
    code = 0
    while frames:
        size = frames[1]
        if frames[0] & 0x0F == CLOSE:
            (code,) = struct.unpack("!H", frames[2:4])
        frames = frames[2 + size :]
    return code


BAD_FRAMES = {
    "too large a size": (frame(TEXT, b"")[:1] + b"\xff" + struct.pack("!Q", 2**62), 1009),
    "the start of 10 MB": (frame(TEXT, b" " * 10_000_001)[:1_000], 1009),
    "10 MB in fragments": (
        frame(TEXT, b" " * 5_000_000, fin=False)
        + frame(CONTINUATION, b" " * 5_000_000, fin=False)
        + frame(CONTINUATION, b" ", fin=False),
        1009,
    ),
    "endless empty fragments": (
        frame(TEXT, b"", fin=False) + frame(CONTINUATION, b"", fin=False) * 20_000,
        1009,
    ),
    "no mask": (frame(TEXT, b"{}", masked=False), 1002),
    "a reserved opcode": (frame(3, b"{}"), 1002),
    "a reserved bit": (b"\xf1" + frame(TEXT, b"{}")[1:], 1002),
    "a continuation of nothing": (frame(CONTINUATION, b"{}"), 1002),
    "a text in a text": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a ping in fragments": (frame(PING, b"x", fin=False), 1002),
    "no UTF-8": (frame(TEXT, b'{"type":"\xff"}'), 1007),
    "a close of one byte": (frame(CLOSE, b"x"), 1002),
    "a close with no code": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_bad_frames(server: LiveServer, name: str) -> None:
    sent, code = BAD_FRAMES[name]
    assert _close_code(await _exchange(server, WHOLE, INIT, sent)) == code
    await _check_health(server)


BAD_HANDSHAKES = {
    "no key": HANDSHAKE.replace("Sec-WebSocket-Key", "X-Key") + "\r\n",
    "a bad key": HANDSHAKE.replace(KEY, "short") + "\r\n",
    "an old version": HANDSHAKE.replace("13", "8") + "\r\n",
    "a POST": HANDSHAKE.replace("GET", "POST") + "\r\n",
    "a long header": f"{HANDSHAKE}X-Long: {'x' * 20_000}\r\n\r\n",
    "long headers": HANDSHAKE + f"X-Long: {'x' * 8_000}\r\n" * 5 + "\r\n",
    "many headers": HANDSHAKE + "X-Many: x\r\n" * 1_000 + "\r\n",
    "a long path": HANDSHAKE.replace("/graphql", "/graphql?" + "x" * 20_000) + "\r\n",
    "a header beyond ASCII": f"{HANDSHAKE}X-Odd: \xe4\xff\r\n\r\n",
    "bad subprotocols": f"{HANDSHAKE}Sec-WebSocket-Protocol: ,;,=\r\n\r\n",
    "another origin": f"{HANDSHAKE}Origin: https://elsewhere\r\n\r\n",
}


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
async def test_bad_handshakes(server: LiveServer, name: str) -> None:
    answer = await _exchange(server, BAD_HANDSHAKES[name].encode("latin-1"), frame(TEXT, b"{}"))
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 101 ")) or not answer
    assert b"Traceback" not in answer
    assert b".py" not in answer
    await _check_health(server)


async def test_half_open_handshakes_and_sockets_without_init(server: LiveServer) -> None:
    held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(200)]
    for number, (_, writer) in enumerate(held):
        writer.write(WHOLE if number % 2 else WHOLE[:60])
    await _check_health(server)
    for reader, _ in held[1::2]:
        async with asyncio.timeout(10):
            assert _close_code(await reader.read()) == 4408
    for _, writer in held:
        writer.close()


async def test_thousands_of_subscribes_in_one_burst(server: LiveServer) -> None:
    burst = 5_000
    async with server.client() as client:
        for number in range(burst):
            await client.subscribe(str(number), "subscription { follow }")
        answers = [await client.receive() for _ in range(burst)]
        types = [answer["type"] for answer in answers]
        assert types.count("next") == 100
        assert types.count("error") == burst - 100
        await _check_health(server)


async def test_a_flood_of_pings_whose_answers_are_not_read(server: LiveServer) -> None:
    for flood in (
        frame(PING, b"x" * 125) * 1_000,
        frame(TEXT, b'{"type":"ping","payload":{"x":"%s"}}' % (b"x" * 1_000)) * 100,
    ):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", server.port))
            await loop.sock_sendall(client, WHOLE)
            await loop.sock_recv(client, 4_096)
            await loop.sock_sendall(client, INIT)
            with suppress(TimeoutError, ConnectionResetError):
                async with asyncio.timeout(3):
                    for _ in range(100):
                        await loop.sock_sendall(client, flood)
            await _check_health(server)
            assert server.unread_bytes < 1_000_000
