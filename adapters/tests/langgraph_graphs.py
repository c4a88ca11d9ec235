"""Graphs for the tests, with a scripted model, and what their threads look like."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, RemoveMessage
from langchain_core.tools import tool
from langgraph.channels.delta import DeltaChannel
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.message import REMOVE_ALL_MESSAGES
from langgraph.prebuilt import ToolNode
from langgraph.types import Send, interrupt

Graph = Any
"""A `StateGraph`; its types know only its own state."""


@tool
def weather(city: str) -> str:
    """Tell the weather."""
    if city == "Atlantis":
        raise ValueError("There is no such city.")
    return f"Rain in {city}"


def answer(content: str, **further: Any) -> AIMessage:
    return AIMessage(
        content,
        usage_metadata={
            "input_tokens": 10,
            "output_tokens": 5,
            "total_tokens": 15,
            "input_token_details": {"cache_read": 4},
            "output_token_details": {"reasoning": 2},
        },
        response_metadata={
            "model_name": "scripted-1",
            "finish_reason": "stop",
            "model_provider": "script",
            "id": "response-1",
        },
        **further,
    )


def ask_for_weather(*cities: str) -> AIMessage:
    calls = [
        {"name": "weather", "args": {"city": city}, "id": f"call-{city}", "type": "tool_call"}
        for city in cities
    ]
    return answer("", tool_calls=calls)


def chat(responses: Sequence[AIMessage], *, asks: bool = False) -> Graph:
    """A model that may call tools, as the prebuilt agents are made; it may ask a person first."""
    model = FakeMessagesListChatModel(responses=[each.model_copy(deep=True) for each in responses])

    def call_model(state: dict[str, Any]) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"]).model_copy(deep=True)]}

    def route(state: dict[str, Any]) -> str:
        return "tools" if state["messages"][-1].tool_calls else END

    builder: Graph = StateGraph(MessagesState)
    builder.add_node("model", call_model)
    builder.add_node("tools", ToolNode([weather], handle_tool_errors=True))
    if asks:
        builder.add_node("ask", lambda _: {"messages": [("user", interrupt("Which city?"))]})
        builder.add_edge(START, "ask")
        builder.add_edge("ask", "model")
    else:
        builder.add_edge(START, "model")
    builder.add_conditional_edges("model", route, ["tools", END])
    builder.add_edge("tools", "model")
    return builder


class Steps(TypedDict):
    """A state that parallel nodes add to."""

    trail: Annotated[list[str], operator.add]
    numbers: list[int]


def parallel() -> Graph:
    """Three nodes at once, and one for each number by `Send`."""
    builder: Graph = StateGraph(Steps)
    for name in ("a", "b", "c"):
        builder.add_node(name, lambda _, name=name: {"trail": [name]})
        builder.add_edge(START, name)
        builder.add_edge(name, "join")
    builder.add_node("join", lambda _: {"trail": ["join"]})
    builder.add_node("each", lambda state: {"trail": [f"each {state['number']}"]})
    builder.add_conditional_edges(
        "join", lambda state: [Send("each", {"number": one}) for one in state["numbers"]], ["each"]
    )
    return builder


class Approval(TypedDict):
    """A state that people add to."""

    answers: Annotated[list[Any], operator.add]


def approval() -> Graph:
    """Two questions in one node, then one more."""

    def twice(_: Approval) -> dict[str, Any]:
        return {"answers": [interrupt("Send the letter?"), interrupt({"question": "To whom?"})]}

    def once(_: Approval) -> dict[str, Any]:
        request = {"name": "pay", "args": {"euro": 5}, "description": "Pay 5 euro?"}
        return {"answers": [interrupt({"action_requests": [request]})]}

    builder: Graph = StateGraph(Approval)
    builder.add_node("twice", twice)
    builder.add_node("once", once)
    builder.add_edge(START, "twice")
    builder.add_edge("twice", "once")
    return builder


def nested(responses: Sequence[AIMessage], *, asks: bool = False) -> Graph:
    """A graph with an agent of its own inside, that may ask a person."""
    builder: Graph = StateGraph(MessagesState)
    builder.add_node("agent", chat(responses, asks=asks).compile())
    builder.add_node("after", lambda _: {"messages": [AIMessage("Done.")]})
    builder.add_edge(START, "agent")
    builder.add_edge("agent", "after")
    return builder


def summarising() -> Graph:
    """A conversation whose beginning is replaced by a summary."""

    def summarise(state: MessagesState) -> dict[str, Any]:
        kept = state["messages"][-1:]
        summary = AIMessage("In short: nothing.", id="summary")
        return {"messages": [RemoveMessage(id=REMOVE_ALL_MESSAGES), summary, *kept]}

    builder: Graph = StateGraph(MessagesState)
    builder.add_node("summarise", summarise)
    builder.add_edge(START, "summarise")
    return builder


def _appended(messages: list[AnyMessage], writes: Sequence[list[AnyMessage]]) -> list[AnyMessage]:
    return [*messages, *(one for write in writes for one in _listed(write))]


def _listed(write: Any) -> list[AnyMessage]:
    return write if isinstance(write, list) else [write]


class Deltas(TypedDict):
    """A state whose channels are kept as what was written to them."""

    messages: Annotated[list[AnyMessage], DeltaChannel(_appended, snapshot_frequency=4)]
    trail: Annotated[
        list[str],
        DeltaChannel(lambda trail, writes: trail + [one for each in writes for one in each]),
    ]


def deltas() -> Graph:
    """Two parallel nodes that write to delta channels."""

    def speak(state: Deltas, name: str) -> dict[str, Any]:
        place = len(state["messages"])
        return {"messages": [AIMessage(f"{name} {place}", id=f"{name} {place}")], "trail": [name]}

    builder: Graph = StateGraph(Deltas)
    for name in ("left", "right"):
        builder.add_node(name, lambda state, name=name: speak(state, name))
        builder.add_edge(START, name)
    return builder


def shown(value: Any) -> Any:
    """Give a value without what differs from run to run: ids and times."""
    if isinstance(value, BaseMessage):
        calls = getattr(value, "tool_calls", None)
        return (value.type, value.content, calls, getattr(value, "usage_metadata", None))
    if isinstance(value, dict):
        return {name: shown(its) for name, its in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown(one) for one in value]
    return value
