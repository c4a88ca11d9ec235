"""LangGraph's checkpointer and store on Sessiongraph.

::

    checkpointer = SessiongraphSaver(client)
    store = SessiongraphStore(client)
    graph = builder.compile(checkpointer=checkpointer, store=store)
"""

from sessiongraph_client.langgraph.checkpoint_saver import SessiongraphSaver
from sessiongraph_client.langgraph.store import SessiongraphStore

__all__ = ["SessiongraphSaver", "SessiongraphStore"]
