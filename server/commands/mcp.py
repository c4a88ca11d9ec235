"""`sessiongraph mcp`: memories for programs that speak the Model Context Protocol."""

import asyncio
import os
import signal
import socket
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import typer

from server.commands import tell
from server.operator_error import OperatorError


class Transport(StrEnum):
    """How programs reach the server."""

    STDIO = "stdio"
    STREAMABLE_HTTP = "streamable-http"


def mcp(
    *,
    transport: Annotated[
        Transport, typer.Option(help="The standard input and output, or HTTP at /mcp.")
    ] = Transport.STDIO,
    url: Annotated[
        str | None,
        typer.Option(
            help="The address of the Sessiongraph server.  [default: SESSIONGRAPH_URL, or "
            "http://127.0.0.1:8000]"
        ),
    ] = None,
    agent: Annotated[
        str | None,
        typer.Option(
            help="The agent that remembers, by its id or agentId: only its own memories and those "
            "that all agents share are served."
        ),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="The person that is talked with: only memories about them or nobody are served."
        ),
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(help="The session that memories are used in, by its id or sessionId."),
    ] = None,
    host: Annotated[str, typer.Option(help="HTTP: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="HTTP: the port.", min=0, max=65535)] = 8001,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="HTTP: a further name that it is reached by, such as memories.example."),
    ] = None,
    retry_seconds: Annotated[
        float, typer.Option(help="How long a tool waits for a server that is away.", min=0)
    ] = 20,
) -> None:
    """Serve memories as tools over the Model Context Protocol.

    By stdio, SESSIONGRAPH_API_KEY is the key; over HTTP, each request brings its own, as
    `Authorization: Bearer sg_…`.
    """
    try:
        # more than a second, which no other command should wait for
        from sessiongraph_client import SessiongraphClient  # noqa: PLC0415
        from sessiongraph_client import mcp as memories  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"{error.name} is not installed, which serves MCP: run `pip install --editable "
            "'./adapters[mcp]'` in Sessiongraph's folder."
        ) from error

    async def serve() -> None:
        async with SessiongraphClient(url, retry_seconds=retry_seconds) as client:
            bounds = memories.Bounds(agent=agent, user=user, session=session)
            server = memories.make_server(client, bounds, version=version("sessiongraph"))
            if transport is Transport.STDIO:
                await memories.serve_stdio(server)
                return
            reached = memories.ReachableNames(host, allowed_host or ())
            with _listen(host, port) as listener:
                own_port = listener.getsockname()[1]
                own_host = f"[{host}]" if ":" in host else host
                tell(f"MCP: http://{own_host}:{own_port}/mcp")
                await memories.serve_http(server, listener, reached)

    if transport is Transport.STDIO:
        _end_at_once()
    asyncio.run(serve())


def _end_at_once() -> None:
    """Let signals end the process: nothing waits in it, and its input cannot be read without end.

    What a tool has answered is recorded; of what it has not, nobody knows.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_DFL)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        number = error.errno or 0  # below 0 for a name that is not found
        why = os.strerror(number) if number > 0 else "the name is not found"
        raise OperatorError(
            f"Cannot listen on {host}:{port} ({why}). Choose another with --port."
        ) from error
