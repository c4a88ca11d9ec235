"""When a page's list is there, and when all of it: `@defer` and `@stream` against planned queries.

    python -m bench.incremental [--rounds 15] [--scale 1]

The page is that of the other load tests: 50 sessions, the last 20 messages of each, and their tool
calls. Its list is the sessions without their messages. It is asked for in several ways in turns, in
one process and without HTTP: from a prepared document to the bytes of JSON. `planned` is how the
server runs queries. The others are run by graphql-core, which alone knows the two directives. All
ways must give the same page before anything is measured.
"""

import gc
from asyncio import create_task
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable
from operator import truediv
from random import sample
from statistics import median
from time import perf_counter, process_time
from typing import Annotated, Any

import orjson
import strawberry
import typer
from graphql import DocumentNode, GraphQLSchema, OperationDefinitionNode, execute, parse, validate
from graphql.execution import (
    ExperimentalIncrementalExecutionResults,
    experimental_execute_incrementally,
)
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine
from strawberry.schema.config import StrawberryConfig

from bench.database import address, open_database
from bench.measurements import figure
from execution.planned import Plan, compile_operation, run_plan
from resolvers.context import Context
from schema import Query, schema
from schema.fields import NODE_TYPES
from schema.scalars import SCALARS
from server.database import create_engine, read_url
from server.operations.answer import dump
from server.process import run
from server.settings import Settings
from tests.statements import recorded_statements

SESSIONS = 50
PART = 10
"""Sessions that are asked for first where not all are."""
_SESSION = "id status title userId createdAt"
_CALLS = "toolCalls { nodes { id toolName arguments result status } }"
_MESSAGE = f"id role content createdAt sequence {_CALLS}"
_MESSAGES = f"messages(last: 20) {{ nodes {{ {_MESSAGE} }} }}"
_STREAMED_MESSAGES = f"messages(last: 20) {{ nodes @stream {{ {_MESSAGE} }} }}"


def _page(selection: str) -> str:
    return f"{{ sessions(first: {SESSIONS}) {{ nodes {selection} }} }}"


DOCUMENTS = {
    "page": _page(f"{{ {_SESSION} {_MESSAGES} }}"),
    "list": _page(f"{{ {_SESSION} }}"),
    "messages": "query ($ids: [ID!]!) { nodes(ids: $ids)"
    f" {{ ... on Session {{ id {_MESSAGES} }} }} }}",
    "part": f"query ($after: String) {{ sessions(first: {PART}, after: $after)"
    f" {{ nodes {{ {_SESSION} {_MESSAGES} }} pageInfo {{ endCursor }} }} }}",
    "deferred messages": _page(f"{{ {_SESSION} ... @defer {{ {_MESSAGES} }} }}"),
    "streamed sessions": _page(f"@stream(initialCount: {PART}) {{ {_SESSION} {_MESSAGES} }}"),
    "streamed messages": _page(f"{{ {_SESSION} {_STREAMED_MESSAGES} }}"),
}
PLAIN: GraphQLSchema = schema._schema  # noqa: SLF001  has no public name
_WITH_DIRECTIVES = strawberry.Schema(
    query=Query,
    types=list(NODE_TYPES.values()),
    config=StrawberryConfig(
        scalar_map=dict(SCALARS), enable_experimental_incremental_execution=True
    ),
)
INCREMENTAL: GraphQLSchema = _WITH_DIRECTIVES._schema  # noqa: SLF001  as above
EXECUTOR = schema.execution_context_class

Answers = AsyncIterator[Mapping[str, Any]]
Way = Callable[[Callable[[], Context]], Answers]
"""Asks for the page, with a context for each request; the first answer has the list, or
its first ten."""


@dataclass(frozen=True)
class PlannedQuery:
    """A query and its plan."""

    plan: Plan

    @classmethod
    def of(cls, text: str) -> "PlannedQuery":
        """Plan a query."""
        document = parse_valid(PLAIN, text)
        (node,) = document.definitions
        if not isinstance(node, OperationDefinitionNode):
            raise TypeError(node)
        return cls(compile_operation(PLAIN, document, node))

    async def run(self, context: Context, **variables: Any) -> dict[str, Any]:
        """Give the answer. Raises `RuntimeError` where the plan cannot."""
        result = await run_plan(self.plan, PLAIN, context, variables)
        if result is None:
            raise RuntimeError("The plan gave nothing.")
        return {"data": result.data}


def parse_valid(of: GraphQLSchema, text: str) -> DocumentNode:
    """Parse a document. Raises the first of its errors."""
    document = parse(text)
    for error in validate(of, document):
        raise error
    return document


def make_ways() -> dict[str, Way]:
    """Prepare the ways to ask for the page."""
    planned = {
        name: PlannedQuery.of(DOCUMENTS[name]) for name in ("page", "list", "messages", "part")
    }

    async def whole(new_context: Callable[[], Context]) -> Answers:
        yield await planned["page"].run(new_context())

    async def list_and_messages(new_context: Callable[[], Context]) -> Answers:
        answer = await planned["list"].run(new_context())
        yield answer
        ids = [str(node["id"]) for node in answer["data"]["sessions"]["nodes"]]
        yield await planned["messages"].run(new_context(), ids=ids)

    async def list_beside_page(new_context: Callable[[], Context]) -> Answers:
        asked = [create_task(planned[name].run(new_context())) for name in ("list", "page")]
        for answer in asked:
            yield await answer

    async def parts(new_context: Callable[[], Context]) -> Answers:
        after = None
        for _ in range(SESSIONS // PART):
            answer = await planned["part"].run(new_context(), after=after)
            yield answer
            after = answer["data"]["sessions"]["pageInfo"]["endCursor"]

    return {
        "planned": whole,
        "planned: list, then messages": list_and_messages,
        "planned: list and page at once": list_beside_page,
        "planned: five pages of ten": parts,
        "graphql-core": by_graphql_core(),
        "`@defer` messages": incrementally("deferred messages"),
        "`@defer` messages, early": incrementally("deferred messages", early=True),
        "`@stream` messages": incrementally("streamed messages"),
        "`@stream` sessions after ten": incrementally("streamed sessions"),
        "`@stream` sessions after ten, early": incrementally("streamed sessions", early=True),
    }


def by_graphql_core() -> Way:
    """Ask for all at once, without a plan."""
    document = parse_valid(PLAIN, DOCUMENTS["page"])

    async def answers(new_context: Callable[[], Context]) -> Answers:
        result = execute(PLAIN, document, context_value=new_context(), executor_class=EXECUTOR)
        yield (await result if isawaitable(result) else result).formatted

    return answers


def incrementally(name: str, *, early: bool = False) -> Way:
    """Ask by a document with one of the two directives."""
    document = parse_valid(INCREMENTAL, DOCUMENTS[name])

    async def answers(new_context: Callable[[], Context]) -> Answers:
        started = experimental_execute_incrementally(
            INCREMENTAL,
            document,
            context_value=new_context(),
            enable_early_execution=early,
            executor_class=EXECUTOR,
        )
        result = await started if isawaitable(started) else started
        if not isinstance(result, ExperimentalIncrementalExecutionResults):
            raise TypeError(result)
        yield result.initial_result.formatted
        async for each in result.subsequent_results:
            yield each.formatted

    return answers


def sessions_of(answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put answers together as a client does; give the page's sessions. Raises for errors."""
    sessions: list[dict[str, Any]] = []
    page = {"sessions": {"nodes": sessions}}
    known: dict[str, dict[str, Any]] = {}
    places: dict[str, list[str | int]] = {}
    for answer in answers:
        if "errors" in answer:
            raise ValueError(answer["errors"])
        for value in answer.get("data", {}).values():
            for session in value if isinstance(value, list) else value["nodes"]:
                if session["id"] not in known:
                    known[session["id"]] = {}
                    sessions.append(known[session["id"]])
                known[session["id"]].update(session)
        places |= {pending["id"]: pending["path"] for pending in answer.get("pending", ())}
        for part in answer.get("incremental", ()):
            found: Any = page
            for step in [*places[part["id"]], *part.get("subPath", ())]:
                found = found[step]
            if "items" in part:
                found.extend(part["items"])
            else:
                found.update(part["data"])
    return sessions


@dataclass(frozen=True)
class Taken:
    """What a way took: milliseconds until the list and until all, and of the processor."""

    list: float
    all: float
    processor: float


async def take(way: Way, new_context: Callable[[], Context]) -> Taken:
    """Ask for the page once."""
    first = 0.0
    processor, started = process_time(), perf_counter()
    async for answer in way(new_context):
        dump(answer)
        first = first or perf_counter() - started
    ended = perf_counter() - started
    return Taken(first * 1e3, ended * 1e3, (process_time() - processor) * 1e3)


async def measure(url: URL, rounds: int) -> None:
    """Print what each way takes."""
    engine = create_engine(Settings(), read_url(address(url)))

    def new_context() -> Context:
        return Context(engine, 1)

    ways = make_ways()
    told = await compare_pages(ways, engine, new_context)
    taken: dict[str, list[Taken]] = defaultdict(list)
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)  # as the server does
    for number in range(rounds + 2):
        for name in sample(list(ways), len(ways)):  # what comes before warms or cools caches
            gc.collect()
            once = await take(ways[name], new_context)
            if number > 1:  # the first rounds prepare statements
                taken[name].append(once)
    await engine.dispose()
    print("| way | answers | statements | KB | KB of the first", end="")
    print(" | list, ms | all, ms | processor, ms | list / planned | all / planned |")
    print(f"| --- {'| ---: ' * 9}|")
    whole = [each.all for each in taken["planned"]]
    for name in ways:
        each = taken[name]
        lists, alls = [one.list for one in each], [one.all for one in each]
        times = [lists, alls, [one.processor for one in each]]
        ratios = [median(map(truediv, ours, whole)) for ours in (lists, alls)]
        cells = [name, *told[name], *[figure(median(column)) for column in times]]
        print(f"| {' | '.join([*cells, *[f'{ratio:.2f}' for ratio in ratios]])} |")


async def compare_pages(
    ways: dict[str, Way], engine: AsyncEngine, new_context: Callable[[], Context]
) -> dict[str, list[str]]:
    """Count answers, statements and bytes. Raises `ValueError` unless all pages are the same."""
    told, pages = {}, {}
    for name, way in ways.items():
        async with recorded_statements(engine) as statements:
            answers = [dump(answer) async for answer in way(new_context)]
        pages[name] = dump(sessions_of([orjson.loads(answer) for answer in answers]))
        if pages[name] != pages["planned"]:
            raise ValueError(f"{name} gives another page.")
        sizes = [f"{size / 1e3:.0f}" for size in (sum(map(len, answers)), len(answers[0]))]
        told[name] = [str(len(answers)), str(len(statements)), *sizes]
    return told


def main(
    rounds: Annotated[int, typer.Option(min=1)] = 15,
    scale: Annotated[float, typer.Option(help="Of the database's size.")] = 1,
) -> None:
    """Measure on the database of the other load tests."""
    with open_database(scale) as url:
        run(measure(url, rounds))


if __name__ == "__main__":
    typer.run(main)
