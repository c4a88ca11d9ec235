"""The process that a program starts: how it ends, and what a server that is away means."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sessiongraph_client import SessiongraphClient

from tests.conftest import Server, start
from tests.mcp.connections import COMMAND, by_http, by_stdio, call, refusal, serving_http
from tests.mcp.test_tools import kinds_of_use

HELLO = (
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",'
    '"capabilities":{},"clientInfo":{"name":"p","version":"1"}}}\n'
)


@contextmanager
def started(server_url: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command, and wait until it answers."""
    process = subprocess.Popen(
        [COMMAND, "mcp", "--url", server_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(HELLO)
        process.stdin.flush()
        assert '"serverInfo"' in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_it_ends_with_its_input(server_url: str) -> None:
    with started(server_url) as process:
        told, complaint = process.communicate(timeout=60)
        assert (process.returncode, told, complaint) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking")
def test_it_ends_when_it_is_told_to(server_url: str) -> None:
    with started(server_url) as process:
        process.terminate()
        process.wait(timeout=60)
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


async def test_what_was_answered_is_recorded_though_the_process_is_killed(
    server_url: str, api_key: str, client: SessiongraphClient
) -> None:
    with serving_http(server_url) as url:
        async with by_http(url, api_key) as tools:
            own_id = (await call(tools, "write_memory", text="x"))["memory"]["id"]
            await call(tools, "search_memories", text="x")
            assert await kinds_of_use(client, own_id) == ["CREATE", "SEARCH_HIT"]


async def test_a_server_that_is_away_is_told_and_taken_up_again(own_server: Server) -> None:
    key = own_server.make_key()
    async with by_stdio(own_server.url, key, "--retry-seconds", "0.2") as tools:
        written = await call(tools, "write_memory", text="x", memory="m")
        own_server.kill()
        for tool, arguments in {
            "search_memories": {},
            "read_memory": {"memory": "m"},
            "write_memory": {"text": "y"},
            "annotate_memory": {"memory": "m", "remark": "y"},
        }.items():
            told = await refusal(tools, tool, **arguments)
            assert "There is no answer from" in told
            assert "Traceback" not in told
            assert key not in told
        port = int(own_server.url.rpartition(":")[2])
        own_server.process = start(own_server.environment, port).process
        read = await call(tools, "read_memory", memory="m")
        assert read["memory"] == written["memory"]


async def test_a_tool_waits_for_a_server_that_is_started_again(own_server: Server) -> None:
    key = own_server.make_key()
    async with by_stdio(own_server.url, key, "--retry-seconds", "60") as tools:
        await call(tools, "write_memory", text="x", memory="m")
        port = int(own_server.url.rpartition(":")[2])
        own_server.kill()
        own_server.process = start(own_server.environment, port).process
        await call(tools, "read_memory", memory="m")
