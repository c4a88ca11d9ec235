"""A LangGraph agent that keeps its threads and its memories in Sessiongraph.

The model is scripted, so that it runs without a key. `SESSIONGRAPH_URL` and `SESSIONGRAPH_API_KEY`
name the server.
"""

import asyncio
from typing import Any

from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.store.base import BaseStore
from langgraph.types import Command, interrupt
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.langgraph import SessiongraphSaver, SessiongraphStore


def book(city: str) -> str:
    """Book a train."""
    return f"A seat to {city}." if interrupt(f"Book a train to {city}?") else "Nothing was booked."


CALL = {"name": "book", "args": {"city": "Rome"}, "id": "call-1", "type": "tool_call"}
MODEL = FakeMessagesListChatModel(
    responses=[AIMessage("", tool_calls=[CALL]), AIMessage("Your train is booked.")]
)


async def answer(state: MessagesState, *, store: BaseStore) -> dict[str, Any]:
    """Answer with the model, knowing what the person likes."""
    likes = await store.aget(("people", "ann"), "seat")
    system = ("system", f"Ann likes {likes.value['likes'] if likes else 'any seat'}.")
    return {"messages": [await MODEL.ainvoke([system, *state["messages"]])]}


builder = StateGraph(MessagesState)
builder.add_node("answer", answer)
builder.add_node("tools", ToolNode([book]))
builder.add_edge(START, "answer")
builder.add_conditional_edges(
    "answer", lambda state: "tools" if state["messages"][-1].tool_calls else END, ["tools", END]
)
builder.add_edge("tools", "answer")


async def main() -> None:
    """Ask, wait for a person, go on."""
    async with SessiongraphClient() as client, SessiongraphStore(client) as store:
        graph = builder.compile(checkpointer=SessiongraphSaver(client), store=store)
        await store.aput(("people", "ann"), "seat", {"likes": "the window"})
        thread: Any = {"configurable": {"thread_id": "journey-1"}}
        asked = await graph.ainvoke({"messages": [("user", "A train to Rome")]}, thread)
        print(asked["__interrupt__"][0].value)
        done = await graph.ainvoke(Command(resume=True), thread)
        print(done["messages"][-1].content)


if __name__ == "__main__":
    asyncio.run(main())
