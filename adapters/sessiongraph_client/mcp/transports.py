"""How the server is reached: by stdio, or by streamable HTTP."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MAX_BODY_BYTES = 10_000_000
"""As many as the API takes."""


@dataclass(frozen=True)
class ReachableNames:
    """The address that an HTTP server listens on, and the names that it is reached by.

    `host` is the address. `names` are further ones (`memories.example`, `memories.example:8443`),
    those of a proxy for example; a name without a port stands for itself with any port.
    """

    host: str
    names: Sequence[str] = ()

    @property
    def needs_key(self) -> bool:
        """Whether each request must bring a key: as soon as others than this machine can reach it.

        Else a server of the API that trusts its own machine, and asks for no key, would be open to
        them by this one.
        """
        return bool(self.names) or not _is_loopback(self.host)

    @property
    def security(self) -> TransportSecuritySettings:
        """What `Host` and `Origin` may be, so that no web page can get in by a name of its own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        names = [*_LOOPBACK, host, *self.names]
        hosts = [*names, *(f"{name}:*" for name in names)]
        return TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=hosts,
            allowed_origins=[
                f"{scheme}://{name}" for scheme in ("http", "https") for name in hosts
            ],
        )


async def serve_stdio(server: MCPServer[Any]) -> None:
    """Serve whoever has started this process, until its standard input ends."""
    await server.run_stdio_async()


async def serve_http(
    server: MCPServer[Any], listener: socket.socket, reached: ReachableNames
) -> None:
    """Serve streamable HTTP at `/mcp`, until the process is told to end.

    No MCP session is kept: each request stands for itself, so that processes can be started again
    and stand side by side behind one address.
    """
    app: ASGIApp = server.streamable_http_app(
        json_response=True,
        stateless_http=True,
        max_request_body_size=_MAX_BODY_BYTES,
        transport_security=reached.security,
    )
    if reached.needs_key:
        app = _NeedsKey(app)
    config = uvicorn.Config(app, log_level="warning", server_header=False)
    await uvicorn.Server(config).serve(sockets=[listener])


class _NeedsKey:
    """Refuses requests without a key; whether it is good, the API decides (ASGI)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Headers(scope=scope).get("authorization", "")
            if not given.lower().startswith("bearer "):
                refusal = PlainTextResponse(
                    "Send an API key: Authorization: Bearer sg_…",
                    status_code=401,
                    headers={"www-authenticate": "Bearer"},
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
