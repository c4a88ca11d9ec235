"""The MCP server: its tools and its resource, for any transport."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp_types import ToolAnnotations

from sessiongraph_client.client import SessiongraphClient
from sessiongraph_client.mcp.bounds import Bounds
from sessiongraph_client.mcp.memory_store import MemoryStore
from sessiongraph_client.mcp.memory_tools import MemoryTools

_INSTRUCTIONS = """Sessiongraph keeps what is to be remembered between conversations.
Search before you answer what an earlier conversation may have settled. Write down what will matter
later, each fact as a memory of its own; look first whether it is there, and change that one. Remark
on a memory that you doubt."""
_MAX_NAME_CHARACTERS = 200
# that a use is recorded changes nothing that a reader would find
_READING = ToolAnnotations(read_only_hint=True, open_world_hint=False)
# metadata that is replaced is gone, whatever else a revision keeps
_CHANGING = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
_ADDING = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)


def make_server(client: SessiongraphClient, bounds: Bounds, *, version: str = "") -> MCPServer[Any]:
    """Make the server: a client of the API that records each use of a memory as an access.

    What comes by stdio is done with `client`. What comes by HTTP is done with the request's own
    key, and never with the client's: a request without a key has what the API gives without one.
    """

    def store_of(context: Context) -> MemoryStore:
        headers = context.headers
        own = client if headers is None else client.with_key(_bearer(headers))
        program = _program(context)
        return MemoryStore(own, bounds, bounds.agent or program, {"mcpClient": program})

    tools = MemoryTools(store_of)
    server: MCPServer[Any] = MCPServer(
        "sessiongraph",
        title="Sessiongraph",
        instructions=_INSTRUCTIONS,
        version=version,
        log_level="WARNING",
    )
    for tool, title, annotations in (
        (tools.search_memories, "Search memories", _READING),
        (tools.read_memory, "Read a memory", _READING),
        (tools.write_memory, "Write a memory", _CHANGING),
        (tools.annotate_memory, "Remark on a memory", _ADDING),
    ):
        server.add_tool(
            tool, title=title, description=cleandoc(tool.__doc__ or ""), annotations=annotations
        )
    server.resource(
        "memory://{memory}",
        title="A memory",
        description=cleandoc(tools.memory.__doc__ or ""),
        mime_type="application/json",
    )(tools.memory)
    return server


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == "bearer" else None


def _program(context: Context) -> str | None:
    """Give the name of the program that calls, None where it has not told.

    Over HTTP, programs of before 2026-07-28 have told it to another request, and are known by
    their `User-Agent`.
    """
    told = context.session.client_params
    name = told.client_info.name if told else (context.headers or {}).get("user-agent", "")
    return name.replace("\0", "").strip()[:_MAX_NAME_CHARACTERS] or None
