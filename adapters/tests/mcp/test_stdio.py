"""The process that a program starts: how it ends, and what a server that is away means."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Server, start
from tests.mcp.connections import COMMAND, by_stdio, call, refusal

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
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(server_url: str, told: signal.Signals) -> None:
    with started(server_url) as process:
        process.send_signal(told)
        process.wait(timeout=60)
        assert process.stderr
        assert process.stderr.read() == ""


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
