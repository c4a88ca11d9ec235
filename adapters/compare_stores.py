"""Has frameworks do the same work on their own stores and on Sessiongraph's, and counts.

    python compare_stores.py --server URL --postgres URL --rounds 3 --seconds 5

Prints JSON: by kind of work and store, the turns a second of each round. The stores of a kind are
measured in turns. `python -m bench.framework_stores` starts the servers that it needs.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, TypedDict
from uuid import uuid4

from agents import Agent, Runner, SQLiteSession, function_tool, set_tracing_disabled
from agents.extensions.memory import SQLAlchemySession
from agents.memory import Session
from agents.testing import ScriptedModel, assistant_message, function_call
from claude_agent_sdk import InMemorySessionStore, SessionKey, SessionStore
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph, add_messages
from langgraph.store.base import BaseStore
from langgraph.store.postgres.aio import AsyncPostgresStore
from langgraph.store.sqlite.aio import AsyncSqliteStore
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from sessiongraph_client import SessiongraphClient
from sessiongraph_client.claude_agent_sdk import SessiongraphSessionStore
from sessiongraph_client.langgraph import SessiongraphSaver, SessiongraphStore
from sessiongraph_client.openai_agents import SessiongraphSession
from sqlalchemy.ext.asyncio import create_async_engine

WORKERS = 8
TURNS = 10
"""Of a conversation, before its worker begins another."""
OURS = "Sessiongraph"

Turn = Callable[[str, int], Awaitable[None]]
"""Do the turn of a number in the conversation of a name."""


@dataclass(frozen=True)
class Places:
    """Where stores keep what they store."""

    server: str
    postgres: str
    folder: Path


Store = Callable[[Places], AbstractAsyncContextManager[Turn]]


def openai_turn(open_session: Callable[[str], Session]) -> Turn:
    """Give the turn of an agent that calls a tool and answers."""

    @function_tool
    def find_parcel(number: str) -> str:
        """Tell where a parcel is."""
        return f"Parcel {number} is on its way"

    async def turn(conversation: str, number: int) -> None:
        model = ScriptedModel(
            [
                [function_call("find_parcel", {"number": "7"}, call_id=f"call-{number}")],
                [assistant_message("It is on its way.", item_id=f"message-{number}")],
            ]
        )
        agent: Agent[Any] = Agent(name="Support", model=model, tools=[find_parcel])
        await Runner.run(agent, "Where is parcel 7?", session=open_session(conversation))

    return turn


@asynccontextmanager
async def openai_sqlite(places: Places) -> AsyncIterator[Turn]:
    """Open the SDK's store on a file."""
    opened: dict[str, SQLiteSession] = {}

    def open_session(name: str) -> SQLiteSession:
        return opened.setdefault(name, SQLiteSession(name, places.folder / "openai.sqlite"))

    yield openai_turn(open_session)
    for each in opened.values():
        each.close()


@asynccontextmanager
async def openai_postgres(places: Places) -> AsyncIterator[Turn]:
    """Open the SDK's store on PostgreSQL."""
    url = places.postgres.replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(url, pool_size=WORKERS)
    await SQLAlchemySession("first", engine=engine, create_tables=True).get_items()
    yield openai_turn(lambda name: SQLAlchemySession(name, engine=engine))
    await engine.dispose()


@asynccontextmanager
async def openai_ours(places: Places) -> AsyncIterator[Turn]:
    """Open our store for the SDK."""
    async with SessiongraphClient(places.server) as client:
        opened: dict[str, SessiongraphSession] = {}
        yield openai_turn(lambda name: opened.setdefault(name, SessiongraphSession(name, client)))


class _State(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


async def _answer(state: _State) -> dict[str, Any]:
    if isinstance(state["messages"][-1], ToolMessage):
        return {"messages": [AIMessage("It is on its way.")]}
    call = {"name": "find_parcel", "args": {"number": "7"}, "id": str(uuid4())}
    return {"messages": [AIMessage("", tool_calls=[call])]}


async def _use_tools(state: _State) -> dict[str, Any]:
    (call,) = state["messages"][-1].tool_calls  # type: ignore[union-attr]  # the branch says so
    return {"messages": [ToolMessage("Parcel 7 is on its way", tool_call_id=call["id"])]}


def _next(state: _State) -> str:
    last = state["messages"][-1]
    return "tools" if isinstance(last, AIMessage) and last.tool_calls else END


def langgraph_turn(saver: BaseCheckpointSaver[Any]) -> Turn:
    """Give the turn of a graph with an agent and its tools."""
    builder = StateGraph(_State)
    builder.add_node("agent", _answer)
    builder.add_node("tools", _use_tools)
    builder.add_edge(START, "agent")
    builder.add_conditional_edges("agent", _next, ["tools", END])
    builder.add_edge("tools", "agent")
    graph = builder.compile(checkpointer=saver)

    async def turn(conversation: str, number: int) -> None:
        asked: Any = {"messages": [HumanMessage(f"Where is parcel 7? ({number})")]}
        await graph.ainvoke(asked, {"configurable": {"thread_id": conversation}})

    return turn


@asynccontextmanager
async def _pool(places: Places) -> AsyncIterator[AsyncConnectionPool[Any]]:
    settings = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    async with AsyncConnectionPool(
        places.postgres, min_size=WORKERS, max_size=WORKERS, kwargs=settings, open=False
    ) as pool:
        yield pool


@asynccontextmanager
async def saver_sqlite(places: Places) -> AsyncIterator[Turn]:
    """Open LangGraph's checkpointer on a file."""
    async with AsyncSqliteSaver.from_conn_string(str(places.folder / "saver.sqlite")) as saver:
        await saver.setup()
        yield langgraph_turn(saver)


@asynccontextmanager
async def saver_postgres(places: Places) -> AsyncIterator[Turn]:
    """Open LangGraph's checkpointer on PostgreSQL."""
    async with _pool(places) as pool:
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        yield langgraph_turn(saver)


@asynccontextmanager
async def saver_ours(places: Places) -> AsyncIterator[Turn]:
    """Open our checkpointer for LangGraph."""
    async with SessiongraphClient(places.server) as client:
        yield langgraph_turn(SessiongraphSaver(client))


def store_turn(store: BaseStore) -> Turn:
    """Give a turn that remembers something, corrects it, and looks it up."""

    async def turn(conversation: str, number: int) -> None:
        namespace, key = ("memories", conversation), f"memory-{number}"
        await store.aput(namespace, key, {"text": "Prefers mail", "kind": "preference"})
        await store.aget(namespace, key)
        await store.aput(namespace, key, {"text": "Prefers a call", "kind": "preference"})
        await store.asearch(namespace, filter={"kind": "preference"}, limit=5)

    return turn


@asynccontextmanager
async def store_sqlite(places: Places) -> AsyncIterator[Turn]:
    """Open LangGraph's store on a file."""
    async with AsyncSqliteStore.from_conn_string(str(places.folder / "store.sqlite")) as store:
        await store.setup()
        yield store_turn(store)


@asynccontextmanager
async def store_postgres(places: Places) -> AsyncIterator[Turn]:
    """Open LangGraph's store on PostgreSQL."""
    async with _pool(places) as pool:
        store = AsyncPostgresStore(pool)
        await store.setup()
        yield store_turn(store)


@asynccontextmanager
async def store_ours(places: Places) -> AsyncIterator[Turn]:
    """Open our store for LangGraph."""
    async with SessiongraphClient(places.server) as client, SessiongraphStore(client) as store:
        yield store_turn(store)


def claude_turn(store: SessionStore) -> Turn:
    """Give a turn of which a transcript's four entries are appended; the last one resumes."""

    async def turn(conversation: str, number: int) -> None:
        key: SessionKey = {"project_key": "compare", "session_id": conversation}
        call = {"type": "tool_use", "id": f"call-{number}", "name": "Bash", "input": {"c": "ls"}}
        result = {"type": "tool_result", "tool_use_id": f"call-{number}", "content": "a file"}
        said: list[tuple[str, Any]] = [
            ("user", "What is there?"),
            ("assistant", [call]),
            ("user", [result]),
            ("assistant", "There is a file."),
        ]
        entries: list[Any] = [
            {"type": role, "uuid": str(uuid4()), "message": {"role": role, "content": content}}
            for role, content in said
        ]
        await store.append(key, entries)
        if number == TURNS - 1:
            await store.load(key)

    return turn


@asynccontextmanager
async def claude_memory(places: Places) -> AsyncIterator[Turn]:
    """Open the SDK's store, which keeps nothing once the process ends."""
    yield claude_turn(InMemorySessionStore())


@asynccontextmanager
async def claude_ours(places: Places) -> AsyncIterator[Turn]:
    """Open our store for the SDK."""
    async with SessiongraphClient(places.server) as client:
        yield claude_turn(SessiongraphSessionStore(client))


KINDS: Mapping[str, Mapping[str, Store]] = {
    "OpenAI Agents SDK: a run with a tool call": {
        "SQLAlchemySession, PostgreSQL": openai_postgres,
        "SQLiteSession": openai_sqlite,
        OURS: openai_ours,
    },
    "LangGraph: a run of three nodes, checkpointed": {
        "AsyncPostgresSaver": saver_postgres,
        "AsyncSqliteSaver": saver_sqlite,
        OURS: saver_ours,
    },
    "LangGraph's store: two puts, a get, a search": {
        "AsyncPostgresStore": store_postgres,
        "AsyncSqliteStore": store_sqlite,
        OURS: store_ours,
    },
    "Claude Agent SDK: an append of a turn": {
        "InMemorySessionStore": claude_memory,
        OURS: claude_ours,
    },
}


async def measure(turn: Turn, seconds: float) -> float:
    """Have eight workers do turns for a time; give the turns a second."""
    start = perf_counter()

    async def work() -> int:
        done = 0
        while True:
            conversation = f"compare-{uuid4()}"
            for number in range(TURNS):
                await turn(conversation, number)
                done += 1
                if perf_counter() - start >= seconds:
                    return done

    done = await asyncio.gather(*(work() for _ in range(WORKERS)))
    return sum(done) / (perf_counter() - start)


async def main(places: Places, rounds: int, seconds: float) -> dict[str, dict[str, list[float]]]:
    """Measure all stores in turns."""
    rates: dict[str, dict[str, list[float]]] = {}
    for kind, stores in KINDS.items():
        async with AsyncExitStack() as stack:
            turns = {
                name: await stack.enter_async_context(store(places))
                for name, store in stores.items()
            }
            rates[kind] = {name: [] for name in turns}
            for turn in turns.values():
                await measure(turn, min(1.0, seconds))
            for _ in range(rounds):
                for name, turn in turns.items():
                    rates[kind][name].append(await measure(turn, seconds))
    return rates


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the address of a Sessiongraph server")
    parser.add_argument("--postgres", required=True, help="the address of an empty database")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    chosen = parser.parse_args()
    set_tracing_disabled(True)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        given = Places(chosen.server, chosen.postgres, Path(folder))
        json.dump(asyncio.run(main(given, chosen.rounds, chosen.seconds)), sys.stdout)
