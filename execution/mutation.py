"""Plans for mutations: what is recorded is recorded once, and objects are made of its rows.

Covered is a mutation of one field whose payload shows values and rows by their own columns. All
else graphql-core runs from the start, before anything is recorded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    located_error,
)

from execution.collect import CollectedField, Condition, Unplannable
from execution.compile import object_plan
from execution.objects import Member, make_objects_of
from execution.operation import TYPENAME, Operation, object_type
from execution.plan import Columns, MakeObject, Place, ReadStep
from execution.request import Request
from execution.variables import Variable
from schema.declarations import ManyField, MutationField, OneField, ValueField


@dataclass
class PayloadLink:
    """Rows that a payload shows, by an id or a list of ids in the mutation's answer."""

    place: Place
    declaration: OneField | ManyField
    make: MakeObject


@dataclass
class MutationPlan:
    """A mutation: its one field, and what is wanted of the payload."""

    place: Place
    declaration: MutationField
    make: MakeObject
    links: list[PayloadLink]
    conditions: list[Condition]
    variables: list[Variable]


def compile_mutation(operation: Operation) -> MutationPlan:
    """Compile a mutation. Raises `Unplannable` where graphql-core has to run it."""
    fields = operation.root_fields()
    if len(fields) != 1 or fields[0].condition or fields[0].node.name.value == TYPENAME:
        raise Unplannable("more than one field")
    place = operation.place(fields[0], operation.root)
    if not isinstance(place.declaration, MutationField):
        raise Unplannable(place.key)
    kind = object_type(place.field.type)
    links: list[PayloadLink] = []
    members = [
        Member(
            found.key,
            _expression(operation, found, kind, links),
            operation.number(found.condition),
        )
        for found in operation.collect(fields[0].selections, kind)
    ]
    made = make_objects_of(members, {})
    return MutationPlan(
        place,
        place.declaration,
        made,
        links,
        operation.conditions,
        operation.variables,
    )


def _expression(
    operation: Operation, found: CollectedField, kind: GraphQLObjectType, links: list[PayloadLink]
) -> str:
    """Compile a field of the payload; give the expression of its value."""
    if found.node.name.value == TYPENAME:
        return repr(kind.name)
    place = operation.place(found, kind)
    match place.declaration:
        case ValueField(key, before):
            return f"row.get({key!r}, {before!r})"
        case OneField(loader) | ManyField(loader) as declaration:
            step = ReadStep(0, place, None, Columns.of_row(loader.table))
            node_type = operation.node_type(loader.table)
            objects = object_plan(operation, found.selections, node_type, step)
            if objects.rest or operation.steps:
                raise Unplannable(place.key)  # there is more to read than the row
            links.append(PayloadLink(place, declaration, objects.make))
            return f"values[{len(links) - 1}]"
    raise Unplannable(place.key)


async def run_mutation(plan: MutationPlan, request: Request) -> ExecutionResult | None:
    """Record, and give the payload; None where graphql-core has to run it: nothing was recorded."""
    place, context = plan.place, request.context
    try:
        arguments = request.arguments(place)
    except GraphQLError:
        return None
    path: list[str | int] = [place.key]
    try:
        answer = await plan.declaration.record(context, place.node.name.value, arguments["input"])
        values = []
        for link in plan.links:
            path = [place.key, link.place.key]
            values.append(await _show(link, request, answer))
        return ExecutionResult({place.key: plan.make(answer, request.holds, values)}, None)
    except Exception as error:  # noqa: BLE001  whatever a resolver raises is an error of its field
        return ExecutionResult({place.key: None}, [located_error(error, [place.node], path)])


async def _show(link: PayloadLink, request: Request, answer: Mapping[str, Any]) -> Any:
    if not request.includes(link.place.condition):
        return None
    context, loader = request.context, link.declaration.loader
    given = answer[str(link.declaration.key)]
    if isinstance(link.declaration, ManyField):
        rows = [await context.load(loader, key) for key in given]
        return [link.make(row, request.holds, ()) for row in rows if row is not None]
    row = None if given is None else await context.load(loader, given)
    return None if row is None else link.make(row, request.holds, ())
