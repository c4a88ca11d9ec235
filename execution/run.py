"""Runs a plan: finds out what its steps read, reads it by one statement, and has objects made."""

import logging
from asyncio import gather
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_variable_values,
)

from execution.assemble import Assembly
from execution.bounded_cache import BoundedCache
from execution.collect import Unplannable, holds
from execution.connections import ask_page
from execution.fetch import fetch
from execution.plan import (
    PART,
    CountStep,
    FindStep,
    KeysStep,
    NodesStep,
    OneStep,
    PageStep,
    Place,
    QueryPlan,
    Step,
)
from execution.rest import run_rest
from execution.statement import Source, Statement, write
from resolvers.context import Context
from resolvers.errors import DomainError
from resolvers.identifiers import decode, decode_as
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


async def run_query(
    plan: QueryPlan,
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    context: Context,
    variables: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Give a query's data; None where graphql-core has to run it, since it tells all errors."""
    try:
        return await _run(plan, schema, operation, context, variables)
    except (Unplannable, DomainError, GraphQLError):
        return None
    except Exception:  # noqa: BLE001  such as a broken connection: graphql-core tells of it
        _log.warning("A plan failed.", exc_info=True)
        return None


async def _run(
    plan: QueryPlan,
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    context: Context,
    variables: Mapping[str, Any],
) -> dict[str, Any]:
    coerced = get_variable_values(schema, operation.variable_definitions or (), dict(variables))
    if isinstance(coerced, list):
        raise Unplannable
    held = [holds(condition, coerced.coerced) for condition in plan.conditions]
    request = _Request(plan, coerced, held, {"project": context.project_id})
    for step in plan.steps:
        request.sources.append(request.source(step))
    rows: list[list[Any]] = [[] for _ in plan.steps]
    statement = None
    if any(request.sources):
        statement = _statement(plan, request.sources)
        for row in await fetch(context.engine, statement, request.parameters):
            rows[row[PART]].append(row)
    assembly = Assembly(request.pages, held, statement.cursors if statement else {})
    data = assembly.data(plan, rows, request.asked)
    if assembly.rest:
        run = partial(run_rest, held, schema, context, variables)
        await gather(*[run(*rest) for rest in assembly.rest])
    return data


def _statement(plan: QueryPlan, sources: list[Source]) -> Statement:
    """Write the statement, or give the one that was written for sources of the same shape."""
    shape = tuple(
        [
            source if step.varies else source is not None
            for step, source in zip(plan.steps, sources, strict=True)
        ]
    )
    written = _statements.get((plan, shape))
    if written is None:
        written = write(plan.steps, sources, plan.slots)
        _statements.keep((plan, shape), written, len(written.sql))
    return written


@dataclass
class _Request:
    """What a request asks of a plan."""

    plan: QueryPlan
    coerced: Any
    holds: list[bool]
    parameters: dict[str, Any]
    sources: list[Source] = field(default_factory=list)
    pages: dict[int, Page] = field(default_factory=dict)
    """The pages that connections ask for, by their steps."""
    asked: dict[int, list[tuple[str, bytes]]] = field(default_factory=dict)
    """The ids that a root field asks for, by its step."""

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
        condition = step.place.condition
        if condition is not None and not self.holds[condition]:
            return False
        return step.parent is None or self.sources[step.parent.number] is not None

    def arguments(self, place: Place) -> dict[str, Any]:
        """Read a field's arguments."""
        return get_argument_values(place.field, place.node, self.coerced)

    def page(self, step: PageStep) -> Page:
        """Read which page a connection asks for. Raises `Invalid`."""
        asked = step.asked
        if asked is None:
            asked = ask_page(step.loader, self.arguments(step.place), step.number)
        self.pages[step.number] = asked.page
        self.parameters.update(asked.values)
        return asked.shape

    def find(self, step: FindStep) -> OneByColumn:
        """Read the id that a root field asks for. Raises `Invalid`."""
        given = self.arguments(step.place)["id"]
        name = f"key_{step.number}"
        if step.by_name is not None and decode(given) is None:
            check_name(given, "id")
            self.parameters[name] = given
            return step.by_name
        self.parameters[name] = decode_as(step.loader.table, given, "id")
        return step.loader

    def ask(self, step: NodesStep) -> None:
        """Read the ids that a root field asks for. Raises `Unplannable` where one is none."""
        given = self.arguments(step.place)
        ids = [decode(each) for each in (given["ids"] if "ids" in given else [given["id"]])]
        if None in ids or len(ids) > MAXIMUM_PAGE_SIZE:
            raise Unplannable(step.place.key)
        asked = [each for each in ids if each is not None]
        self.asked[step.number] = [(prefix, key.bytes) for prefix, key in asked]
        for prefix, key in asked:
            if prefix in step.steps:
                name = f"keys_{step.steps[prefix].number}"
                self.parameters.setdefault(name, []).append(key)
