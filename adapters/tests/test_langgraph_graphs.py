"""Real graphs on the checkpointer and on LangGraph's own, the same at every step."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.blocking import run_blocking
from sessiongraph_client.langgraph import SessiongraphSaver

from tests import langgraph_graphs as graphs

CONFIG: Any = {"configurable": {"thread_id": "thread-1"}}
ROOT: Any = {"configurable": {"thread_id": "thread-1", "checkpoint_ns": ""}}
CHAT = [
    graphs.answer("Hello."),
    graphs.ask_for_weather("Rome", "Atlantis"),
    graphs.answer("Rain in Rome."),
]


@pytest.fixture
def blocking_client(server_url: str, api_key: str) -> Iterator[SessiongraphClient]:
    """A client of a new project, for synchronous calls."""
    client = SessiongraphClient(server_url, api_key=api_key)
    yield client
    run_blocking(client.aclose())


def said(content: str) -> dict[str, Any]:
    return {"messages": [HumanMessage(content)]}


RUNS: dict[str, tuple[Callable[[], graphs.Graph], Sequence[Any]]] = {
    "chat": (lambda: graphs.chat(CHAT), [said("Hi"), said("The weather in Rome?")]),
    "parallel": (graphs.parallel, [{"numbers": [1, 2, 3]}, {"numbers": []}]),
    "approval": (
        graphs.approval,
        [{"answers": []}, Command(resume=True), Command(resume="Ann"), Command(resume="no")],
    ),
    "nested": (lambda: graphs.nested(CHAT[1:]), [said("The weather in Rome?")]),
    "nested asks": (
        lambda: graphs.nested(CHAT[1:], asks=True),
        [said("The weather?"), Command(resume="In Rome")],
    ),
    "summarising": (graphs.summarising, [said("One"), said("Two")]),
    "deltas": (graphs.deltas, [said(f"{number}") for number in range(7)]),
}


def history(found: Sequence[Any]) -> list[Any]:
    return [
        {
            "values": graphs.shown(each.values),
            "next": each.next,
            "metadata": {name: each.metadata.get(name) for name in ("source", "step")},
            "tasks": [
                (task.name, [one.value for one in task.interrupts], graphs.shown(task.result))
                for task in each.tasks
            ],
            "has_parent": each.parent_config is not None,
        }
        for each in found
    ]


def kept(found: Sequence[Any]) -> list[Any]:
    """Give checkpoints by their contents, parents by their places."""
    places = {each.config["configurable"]["checkpoint_id"]: n for n, each in enumerate(found)}
    return [
        {
            "values": graphs.shown(each.checkpoint["channel_values"]),
            "versions": sorted(each.checkpoint["channel_versions"]),
            "step": each.metadata["step"],
            "parent": each.parent_config
            and places[each.parent_config["configurable"]["checkpoint_id"]],
            "writes": sorted(
                (channel, repr(graphs.shown(getattr(value, "value", value))))
                for _, channel, value in each.pending_writes
                if not channel.startswith("__")
            ),
        }
        for each in found
    ]


async def run(
    saver: BaseCheckpointSaver[str],
    make: Callable[[], graphs.Graph],
    inputs: Sequence[Any],
    durability: Any,
) -> list[Any]:
    graph = make().compile(checkpointer=saver)
    results = []
    for given in inputs:
        result = await graph.ainvoke(given, CONFIG, durability=durability)
        results.append(graphs.shown(result | {"__interrupt__": None}))
    found = [each async for each in graph.aget_state_history(CONFIG)]
    listed = [each async for each in saver.alist(ROOT)]
    return [results, history(found), kept(listed)]


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
@pytest.mark.parametrize("name", RUNS)
async def test_a_graph_runs_as_in_memory(
    client: SessiongraphClient, name: str, durability: str
) -> None:
    make, inputs = RUNS[name]
    expected = await run(InMemorySaver(), make, inputs, durability)
    assert await run(SessiongraphSaver(client), make, inputs, durability) == expected


@pytest.mark.parametrize("name", RUNS)
def test_a_graph_runs_synchronously_as_in_memory(
    blocking_client: SessiongraphClient, name: str
) -> None:
    make, inputs = RUNS[name]
    found = []
    for saver in (InMemorySaver(), SessiongraphSaver(blocking_client)):
        graph = make().compile(checkpointer=saver)
        results = [
            graphs.shown(graph.invoke(given, CONFIG) | {"__interrupt__": None}) for given in inputs
        ]
        listed = list(saver.list(ROOT))
        found.append([results, history(list(graph.get_state_history(CONFIG))), kept(listed)])
    assert found[1] == found[0]


async def travel(saver: BaseCheckpointSaver[str]) -> list[Any]:
    """Go back to a checkpoint, run from there again, and change the state at another."""
    graph = graphs.chat([*CHAT, AIMessage("Again."), AIMessage("Forked.")]).compile(
        checkpointer=saver
    )
    for content in ("Hi", "The weather in Rome?"):
        await graph.ainvoke(said(content), CONFIG)
    states = [each async for each in graph.aget_state_history(CONFIG)]
    asked = next(each for each in states if each.next == ("tools",))
    results = [await graph.ainvoke(None, asked.config)]
    forked = await graph.aupdate_state(
        asked.config, {"messages": [HumanMessage("In Paris, please")]}, as_node="tools"
    )
    results.append(await graph.ainvoke(None, forked))
    states = [each async for each in graph.aget_state_history(CONFIG)]
    listed = [each async for each in saver.alist(CONFIG, limit=3)]
    before = [each async for each in saver.alist(CONFIG, before=states[2].config, limit=2)]
    steps = [each async for each in saver.alist(CONFIG, filter={"source": "update"})]
    return [
        graphs.shown(results),
        history(states),
        [each.metadata["step"] for each in (*listed, *before, *steps)],
    ]


async def test_going_back_and_forking_is_as_in_memory(client: SessiongraphClient) -> None:
    assert await travel(SessiongraphSaver(client)) == await travel(InMemorySaver())


async def test_a_thread_goes_on_in_another_process(client: SessiongraphClient) -> None:
    make, inputs = RUNS["approval"]
    results = []
    for given in inputs:  # a saver of its own for each knows nothing of the others
        graph = make().compile(checkpointer=SessiongraphSaver(client))
        results.append(await graph.ainvoke(given, CONFIG))
    assert results[-1] == {"answers": [True, "Ann", "no"]}
