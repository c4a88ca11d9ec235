"""A client of Sessiongraph, and the stores of agent frameworks on it.

A module for each framework stands beside this one: `pydantic_ai`, `openai_agents`, `langgraph`,
`claude_agent_sdk`; `mcp` serves memories to whoever speaks the Model Context Protocol. Each needs
the extra of its name: `pip install 'sessiongraph-client[langgraph]'`.
"""

from sessiongraph_client.client import BatchResult, SessiongraphClient
from sessiongraph_client.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    Limited,
    NotFound,
    SessiongraphError,
    Unauthenticated,
    Unavailable,
)
from sessiongraph_client.record_buffer import RecordBuffer

__all__ = [
    "BatchResult",
    "Conflict",
    "Forbidden",
    "InvalidInput",
    "Limited",
    "NotFound",
    "RecordBuffer",
    "SessiongraphClient",
    "SessiongraphError",
    "Unauthenticated",
    "Unavailable",
]
