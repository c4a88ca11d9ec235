"""pydantic-ai's conversations: its messages verbatim, and what a dashboard sees of them."""

from sessiongraph_client.pydantic_ai.conversation_store import SessiongraphConversationStore

__all__ = ["SessiongraphConversationStore"]
