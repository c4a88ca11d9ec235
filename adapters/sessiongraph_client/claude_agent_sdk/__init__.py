"""The Claude Agent SDK's transcripts, kept in Sessiongraph.

It needs the extra `claude-agent-sdk`: `pip install 'sessiongraph-client[claude-agent-sdk]'`.
"""

from sessiongraph_client.claude_agent_sdk.session_store import SessiongraphSessionStore

__all__ = ["SessiongraphSessionStore"]
