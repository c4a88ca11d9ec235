"""WebSockets and event streams of the server as its users start it, and of the real schema."""

import asyncio
import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx2
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.server.websocket.frames import INIT, TEXT, WHOLE, frame
from tests.server_process import READY_SECONDS, make_environment, serve

MEGABYTE = 2**20
CONTENT = "x" * 90_000
MESSAGES = 20
LARGE = '{ session(id: "s") { messages(first: 20) { nodes { content } } } }'
SUBPROTOCOLS = [Subprotocol("graphql-transport-ws")]

Served = tuple[subprocess.Popen[str], str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a session of two megabytes."""
    environment = make_environment(tmp_path_factory.mktemp("streams"))
    settings = {"SESSIONGRAPH_SEND_TIMEOUT_SECONDS": "2", "SESSIONGRAPH_LOG_LEVEL": "ERROR"}
    with serve({**environment, **settings}) as (process, address):
        _ask(address, 'mutation { createSession(input: {sessionId: "s"}) { created } }')
        for _ in range(MESSAGES):
            message = f'{{session: "s", role: USER, content: "{CONTENT}"}}'
            _ask(address, f"mutation {{ recordMessage(input: {message}) {{ replayed }} }}")
        _ask(address, LARGE)
        yield process, address


def _ask(address: str, query: str) -> None:
    answer = httpx2.post(f"{address}/graphql", json={"query": query}, timeout=20).json()
    assert "errors" not in answer, answer


def _open(address: str) -> socket.socket:
    """Connect with a small buffer, so that what is not read stays with the server."""
    host, port = address.removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(20)
    client.connect((host, int(port)))
    return client


def _flood_websocket(address: str) -> socket.socket:
    """Ask for large answers as fast as they are taken, and read none."""
    client = _open(address)
    client.sendall(WHOLE.replace(b"Host: x", b"Host: localhost"))
    assert client.recv(4_096).startswith(b"HTTP/1.1 101 ")
    client.sendall(INIT)
    client.settimeout(0.5)
    try:
        for number in range(100_000):
            subscribe = {"type": "subscribe", "id": str(number), "payload": {"query": LARGE}}
            client.sendall(frame(TEXT, json.dumps(subscribe).encode()))
    except (TimeoutError, ConnectionError):
        pass
    return client


def _ask_for_stream(address: str) -> socket.socket:
    client = _open(address)
    body = json.dumps({"query": LARGE}).encode()
    client.sendall(
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    return client


def test_clients_that_do_not_read_are_cut_off_and_memory_is_bounded(served: Served) -> None:
    process, address = served
    measured = psutil.Process(process.pid)
    before = highest = measured.memory_info().rss
    clients = [_flood_websocket(address) for _ in range(5)]
    clients += [_ask_for_stream(address) for _ in range(5)]
    for client in clients:
        client.setblocking(False)
    end = time.monotonic() + 30
    while len(_open_connections(measured, address)) > 0 and time.monotonic() < end:
        highest = max(highest, measured.memory_info().rss)
        started = time.monotonic()
        _ask(address, '{ session(id: "s") { id } }')
        assert time.monotonic() - started < 5
        time.sleep(0.1)
    assert not _open_connections(measured, address)
    # each socket may hold ten answers of two megabytes, and copies of the one that is being sent
    assert highest - before < 200 * MEGABYTE
    for client in clients:
        client.close()


def _open_connections(process: psutil.Process, address: str) -> list[object]:
    port = int(address.rpartition(":")[2])
    return [
        each
        for each in process.net_connections("tcp")
        if each.laddr.port == port and each.status == psutil.CONN_ESTABLISHED
    ]


def test_a_name_of_another_is_no_host(served: Served) -> None:
    with _open(served[1]) as client:
        client.sendall(WHOLE.replace(b"Host: x", b"Host: rebound.example"))
        assert client.recv(4_096).startswith(b"HTTP/1.1 400 ")


async def test_sigterm_closes_sockets_and_the_process_ends(served: Served) -> None:
    process, address = served
    url = f"{address.replace('http', 'ws')}/graphql"
    async with connect(url, subprotocols=SUBPROTOCOLS, proxy=None) as client:
        await client.send('{"type":"connection_init"}')
        assert await client.recv() == '{"type":"connection_ack"}'
        create = 'mutation { createSession(input: {sessionId: "t"}) { session { sessionId } } }'
        subscribe = {"type": "subscribe", "id": "1", "payload": {"query": create}}
        await client.send(json.dumps(subscribe))
        created = json.loads(await client.recv())
        assert created["payload"]["data"]["createSession"]["session"]["sessionId"] == "t"
        assert await client.recv() == '{"type":"complete","id":"1"}'
        silent = _flood_websocket(address)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert client.close_code == 1012
    await asyncio.to_thread(process.wait, READY_SECONDS)
    silent.close()
    assert process.returncode in {0, -signal.SIGTERM}, process.stderr.read()
