"""What a query waits for before it runs: compiled once, as its plan is."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)

from execution.collect import Condition, Unplannable
from execution.operation import Operation
from execution.plan import Place
from execution.request import Request
from execution.variables import Variable, compile_variables
from resolvers.context import Context
from resolvers.errors import DomainError
from schema.waiting import Wait, wait_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """The root fields of a query that wait, its variables, and the conditions they stand under."""

    fields: Sequence[tuple[Place, Wait]]
    variables: Sequence[Variable]
    conditions: Sequence[Condition]


def compile_waiting(
    schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
) -> Waiting | None:
    """Find what a valid operation waits for; None if it waits for nothing."""
    if node.operation is not OperationType.QUERY:
        return None
    operation = Operation.of(schema, document, node)
    try:
        found = operation.root_fields()
    except Unplannable:
        return None  # whether it is asked for depends on the variables in ways that are not told
    fields = []
    for each in found:
        definition = operation.root.fields.get(each.node.name.value)
        wait = None if definition is None else wait_of(definition)
        if wait is not None:
            fields.append((operation.place(each, operation.root), wait))
    if not fields:
        return None
    return Waiting(fields, compile_variables(schema, node), operation.conditions)


async def wait_for_all(
    waiting: Waiting,
    schema: GraphQLSchema,
    context: Context,
    given: Mapping[str, Any],
) -> None:
    """Wait until nothing is left to wait for; `given` are the variables that were sent.

    What is wrong is told where the operation runs.
    """
    try:
        request = Request.read(
            schema, context, given, waiting.variables, waiting.conditions, event={}
        )
    except Unplannable:
        return
    asked_for = [each for each in waiting.fields if request.includes(each[0].condition)]
    await gather(*[_wait(request, place, wait) for place, wait in asked_for])


async def _wait(request: Request, place: Place, wait: Wait) -> None:
    with suppress(GraphQLError, DomainError):
        await wait(request.context, request.arguments(place))
