"""Clients that read nothing of what never ends: they are cut off, and nothing of them is kept."""

import asyncio
import json
import socket

import pytest

from tests.live_server import LiveServer
from tests.server.toy_server import toy_server
from tests.server.websocket.frames import INIT, TEXT, WHOLE, frame

FLOOD = {"query": "subscription { flood(size: 100000) }"}
SUBSCRIBE = frame(TEXT, json.dumps({"type": "subscribe", "id": "1", "payload": FLOOD}).encode())
BODY = json.dumps(FLOOD).encode()
POST = (
    b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


async def _send(client: socket.socket, server: LiveServer, transport: str) -> None:
    loop = asyncio.get_running_loop()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.setblocking(False)
    await loop.sock_connect(client, ("127.0.0.1", server.port))
    if transport == "event stream":
        await loop.sock_sendall(client, POST)
    else:
        await loop.sock_sendall(client, WHOLE)
        await loop.sock_recv(client, 4_096)
        await loop.sock_sendall(client, INIT + SUBSCRIBE)


@pytest.mark.parametrize("transport", ["event stream", "websocket"])
async def test_who_does_not_read_is_cut_off(transport: str) -> None:
    async with toy_server(send_timeout_seconds=0.5) as server:
        with socket.socket() as client:
            await _send(client, server, transport)
            most = 0
            async with asyncio.timeout(20):
                while not server.streams.number:  # noqa: ASYNC110  nothing tells of it
                    await asyncio.sleep(0.01)
                while server.streams.number or server.connections:
                    most = max(most, server.unread_bytes)
                    await asyncio.sleep(0.01)
            assert 0 < most < 1_000_000
