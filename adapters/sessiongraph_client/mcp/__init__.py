"""Memories over the Model Context Protocol: for any program that gives tools to a language model.

`sessiongraph mcp` runs it; see docs/guides/mcp.md. Needs the extra `mcp`.
"""

from sessiongraph_client.mcp.bounds import Bounds
from sessiongraph_client.mcp.server import make_server
from sessiongraph_client.mcp.transports import ReachableNames, serve_http, serve_stdio

__all__ = ["Bounds", "ReachableNames", "make_server", "serve_http", "serve_stdio"]
