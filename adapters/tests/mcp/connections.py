"""Connections to the real command by the SDK's own client."""

import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import Implementation, TextContent

COMMAND = str(Path(__file__).parents[3] / ".venv" / "bin" / "sessiongraph")
PROGRAM = Implementation(name="test-program", version="1")
Mode = Literal["legacy", "auto"]


@dataclass(frozen=True)
class Way:
    """A transport, and a way to agree on the protocol's version."""

    transport: Literal["stdio", "streamable-http"]
    mode: Mode

    def __str__(self) -> str:
        return f"{self.transport}-{self.mode}"


WAYS = [
    Way("stdio", "legacy"),
    Way("stdio", "auto"),
    Way("streamable-http", "legacy"),
    Way("streamable-http", "auto"),
]


@asynccontextmanager
async def by_stdio(
    server_url: str, api_key: str, *options: str, mode: Mode = "auto"
) -> AsyncIterator[Client]:
    """Start the command and speak with it by its standard input and output."""
    started = StdioServerParameters(
        command=COMMAND,
        args=["mcp", *options],
        env={"SESSIONGRAPH_URL": server_url, "SESSIONGRAPH_API_KEY": api_key},
    )
    async with Client(started, mode=mode, client_info=PROGRAM) as client:
        yield client


@asynccontextmanager
async def by_http(
    mcp_url: str, api_key: str | None, *, mode: Mode = "auto"
) -> AsyncIterator[Client]:
    """Speak with a command that serves HTTP."""
    headers = {"user-agent": PROGRAM.name}
    if api_key is not None:
        headers["authorization"] = f"Bearer {api_key}"
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=60))
        transport = streamable_http_client(mcp_url, http_client=http)
        yield await stack.enter_async_context(Client(transport, mode=mode, client_info=PROGRAM))


@contextmanager
def serving_http(server_url: str, *options: str, **settings: str) -> Iterator[str]:
    """Run the command over HTTP; give its address. It ends without a complaint."""
    kept = {name: value for name, value in os.environ.items() if "SESSIONGRAPH" not in name}
    process = subprocess.Popen(
        [COMMAND, "mcp", "--transport", "streamable-http", "--port", "0", *options],
        env={**kept, "SESSIONGRAPH_URL": server_url, **settings},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found, process.stderr.read()
        yield found[0]
    finally:
        process.terminate()
        _, complaint = process.communicate(timeout=60)
    assert "Traceback" not in complaint
    assert "Aborted" not in complaint


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool that succeeds; give its structured answer."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """Call a tool that fails; give what the model is told."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.content
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text
