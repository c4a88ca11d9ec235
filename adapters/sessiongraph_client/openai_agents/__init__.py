"""The OpenAI Agents SDK's sessions: its items verbatim, and what a dashboard sees of them."""

from sessiongraph_client.openai_agents.run_hooks import SessiongraphRunHooks
from sessiongraph_client.openai_agents.session import SessiongraphSession

__all__ = ["SessiongraphRunHooks", "SessiongraphSession"]
