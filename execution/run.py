"""Runs a plan: finds out what its steps read, reads it by one statement, and has objects made."""

import logging
from asyncio import gather, to_thread
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from sqlalchemy.exc import SQLAlchemyError

from execution.assemble import Assembly
from execution.bounded_cache import BoundedCache
from execution.collect import Unplannable
from execution.connections import ask_page
from execution.plan import (
    PART,
    CountStep,
    EventStep,
    FindStep,
    KeysStep,
    NodesStep,
    OneStep,
    PageStep,
    QueryPlan,
    Step,
)
from execution.request import Request
from execution.rest import run_rest
from execution.statement import Source, Statement, write
from resolvers.database_transaction import DatabaseTransaction
from resolvers.errors import DomainError
from resolvers.identifiers import decode, key_as
from resolvers.loaders import OneByColumn
from resolvers.page import MAXIMUM_PAGE_SIZE, Page
from resolvers.validation import check_name

_KEPT_STATEMENTS = 4_000
_KEPT_CHARACTERS = 16_000_000

_log = logging.getLogger(__name__)
_statements: BoundedCache[tuple[QueryPlan, Hashable], Statement] = BoundedCache(
    _KEPT_STATEMENTS, _KEPT_CHARACTERS
)
"""The statements that were written, by their plan and the shape of what its steps read."""


async def run_query(plan: QueryPlan, request: Request) -> dict[str, Any] | None:
    """Give a query's data; None where graphql-core has to run it, since it tells all errors."""
    try:
        return await _run(plan, request)
    except (Unplannable, DomainError, GraphQLError, OSError, SQLAlchemyError):
        return None  # the last two where the database is away, which graphql-core finds as well
    except Exception:  # noqa: BLE001  graphql-core answers in its place
        _log.warning("A plan failed.", exc_info=True)
        return None


async def _run(plan: QueryPlan, request: Request) -> dict[str, Any]:
    reading = _Reading(request)
    for step in plan.steps:
        reading.sources.append(reading.source(step))
    rows: list[list[Any]] = [[] for _ in plan.steps]
    cursors: Mapping[int, Sequence[int]] = {}
    if any(reading.sources):
        statement = await _statement(plan, reading.sources)
        cursors = statement.cursors
        async with DatabaseTransaction(request.context.engine) as transaction:
            found = await transaction.fetch(statement.compiled, reading.parameters)
        for row in found:
            rows[row[PART]].append(row)
    assembly = Assembly(reading.pages, request.holds, cursors)
    data = await assembly.data(plan, rows, request.event or reading.asked)
    if assembly.rest:
        await gather(*[run_rest(request, *rest) for rest in assembly.rest])
    return data


async def _statement(plan: QueryPlan, sources: list[Source]) -> Statement:
    """Write the statement, or give the one that was written for sources of the same shape."""
    shape = tuple(
        [
            source if step.varies else source is not None
            for step, source in zip(plan.steps, sources, strict=True)
        ]
    )
    written = _statements.get((plan, shape))
    if written is None:
        # of many steps it takes a tenth of a second, in which others go on
        written = await to_thread(write, plan.steps, sources, plan.slots)
        _statements.keep((plan, shape), written, len(written.compiled.text))
    return written


@dataclass
class _Reading:
    """What a request reads."""

    request: Request
    parameters: dict[str, Any] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)
    pages: dict[int, Page] = field(default_factory=dict)
    """The pages that connections ask for, by their steps."""
    asked: dict[int, list[tuple[str, bytes]]] = field(default_factory=dict)
    """The ids that a root field asks for, by its step."""

    def __post_init__(self) -> None:
        """Begin with the project."""
        self.parameters["project"] = self.request.context.project_id

    def source(self, step: Step) -> Source:
        """Find out what a step reads, and with which parameters."""
        source: Source = None
        match step:
            case _ if not self.is_read(step):
                pass
            case PageStep():
                source = self.page(step)
            case CountStep():
                source = self.sources[step.page_step.number]
            case FindStep():
                source = self.find(step)
            case KeysStep():
                source = step.loader if f"keys_{step.number}" in self.parameters else None
            case OneStep():
                source = step.loader
            case NodesStep(parent=None):
                self.ask(step)
        return source

    def is_read(self, step: Step) -> bool:
        """Whether a step's field is included, and its parent is read."""
        if not self.request.includes(step.place.condition):
            return False
        return step.parent is None or self.sources[step.parent.number] is not None

    def page(self, step: PageStep) -> Page:
        """Read which page a connection asks for. Raises `Invalid`."""
        asked = step.asked
        if asked is None:
            asked = ask_page(step.loader, self.request.arguments(step.place), step.number)
        self.pages[step.number] = asked.page
        self.parameters.update(asked.values)
        return asked.shape

    def find(self, step: FindStep) -> OneByColumn:
        """Read the id that a root field asks for, or an event has. Raises `Invalid`."""
        name = f"key_{step.number}"
        if isinstance(step, EventStep):
            self.parameters[name] = self.request.event[step.link]
            return step.loader
        arguments = self.request.arguments(step.place)
        check = step.place.declaration.check
        if check is not None:
            check(arguments)
        given = arguments["id"]
        decoded = decode(given)
        if decoded is None and step.by_name is not None:
            check_name(given, "id")
            self.parameters[name] = given
            return step.by_name
        self.parameters[name] = key_as(step.loader.table, decoded, "id")
        return step.loader

    def ask(self, step: NodesStep) -> None:
        """Read the ids that a root field asks for. Raises `Unplannable` where one is none."""
        given = self.request.arguments(step.place)
        ids = [decode(each) for each in (given["ids"] if "ids" in given else [given["id"]])]
        if None in ids or len(ids) > MAXIMUM_PAGE_SIZE:
            raise Unplannable(step.place.key)
        asked = [each for each in ids if each is not None]
        self.asked[step.number] = [(prefix, key.bytes) for prefix, key in asked]
        for prefix, key in asked:
            if prefix in step.steps:
                name = f"keys_{step.steps[prefix].number}"
                self.parameters.setdefault(name, []).append(key)
