"""LangGraph's checkpointer and store on Sessiongraph.

::

    checkpointer = SessiongraphSaver(client)
    graph = builder.compile(checkpointer=checkpointer)
"""

from sessiongraph_client.langgraph.checkpoint_saver import SessiongraphSaver


__all__ = ["SessiongraphSaver"]
