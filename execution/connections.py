"""Connections in plans: what is asked of a page, and the objects that are made of its rows.

The parts of a page stand in tuples, from which generated functions make the objects: a connection
of (edges, nodes, page information, count), an edge of (cursor, node), and page information of (has
next, has previous, start cursor, end cursor).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
)
from sqlalchemy import BigInteger

from execution.collect import CollectedField, Selections, Unplannable
from execution.objects import Member, make_objects_of
from execution.operation import Operation, object_type
from execution.plan import (
    COUNT,
    AskedPage,
    ConnectionPlan,
    CountStep,
    MakeObject,
    ObjectPlan,
    PageStep,
    Place,
    ReadStep,
)
from resolvers.errors import Invalid
from resolvers.loaders import Pages
from schema.fields import read_page_arguments

CompileRows: TypeAlias = Callable[[Operation, Selections, GraphQLObjectType, ReadStep], ObjectPlan]
"""Compiles what is wanted of a step's rows."""

_CONNECTION = {"edges": "row[0]", "nodes": "row[1]", "pageInfo": "row[2]", "totalCount": "row[3]"}
_EDGE = {"cursor": "row[0]", "node": "row[1]"}
_INFORMATION = {
    "hasNextPage": "row[0]",
    "hasPreviousPage": "row[1]",
    "startCursor": "row[2]",
    "endCursor": "row[3]",
}


def compile_page(
    operation: Operation,
    compile_rows: CompileRows,
    selections: Selections,
    place: Place,
    loader: Pages,
    *,
    parent: ReadStep | None = None,
    key: str | None = None,
) -> PageStep:
    """Add the step of a connection. Raises `Unplannable`."""
    new = operation.new(place, parent, loader.table)
    asked_page = None
    if not _has_variables(place.node):
        asked_page = _read_page(loader, place, len(operation.steps))
    step = PageStep(**new, key=key, loader=loader, asked=asked_page)
    operation.steps.append(step)
    kind = object_type(place.field.type)
    fields = operation.collect(selections, kind)
    asked = _by_name(fields)
    count = None
    if "totalCount" in asked:
        new = operation.new(place, parent, loader.table)
        count = CountStep(**new, key=key, loader=loader, page_step=step)
        count.columns.read(COUNT, BigInteger())
        operation.steps.append(count)

    def rows(selected: Selections | None) -> ObjectPlan | None:
        node = operation.node_type(loader.table)
        return None if selected is None else compile_rows(operation, selected, node, step)

    edge_nodes = make_edge = make_information = None
    wants_cursors = "pageInfo" in asked
    if "edges" in asked:
        edge = object_type(kind.fields["edges"].type)
        edges = operation.collect(asked["edges"], edge)
        asked_of_edge = _by_name(edges)
        wants_cursors = wants_cursors or "cursor" in asked_of_edge
        edge_nodes = rows(asked_of_edge.get("node"))
        make_edge = _make(operation, edges, edge, _EDGE)
    if "pageInfo" in asked:
        information = object_type(kind.fields["pageInfo"].type)
        own = operation.collect(asked["pageInfo"], information)
        make_information = _make(operation, own, information, _INFORMATION)
    step.connection = ConnectionPlan(
        _make(operation, fields, kind, _CONNECTION),
        make_edge,
        make_information,
        rows(asked.get("nodes")),
        edge_nodes,
        wants_cursors,
        count,
    )
    return step


def _by_name(fields: Sequence[CollectedField]) -> dict[str, Selections]:
    """Give the selections of each field. Raises `Unplannable` for objects under two keys."""
    asked: dict[str, Selections] = {}
    for found in fields:
        name = found.node.name.value
        if name in asked and found.selections:
            raise Unplannable(name)
        asked[name] = found.selections
    return asked


def _has_variables(node: FieldNode | ValueNode) -> bool:
    match node:
        case VariableNode():
            return True
        case FieldNode(arguments=arguments):
            return any(_has_variables(argument.value) for argument in arguments or ())
        case ListValueNode(values=values):
            return any(map(_has_variables, values))
        case ObjectValueNode(fields=fields):
            return any(_has_variables(field.value) for field in fields)
    return False


def _read_page(loader: Pages, place: Place, step: int) -> AskedPage:
    try:
        return ask_page(loader, get_argument_values(place.field, place.node), step)
    except (GraphQLError, Invalid) as error:
        raise Unplannable(place.key) from error


def ask_page(loader: Pages, arguments: Mapping[str, Any], step: int) -> AskedPage:
    """Read which page a step's field asks for. Raises `Invalid`."""
    page = read_page_arguments(loader, **arguments)
    return AskedPage(page, *page.with_parameters(f"step_{step}"))


def _make(
    operation: Operation,
    fields: Sequence[CollectedField],
    kind: GraphQLObjectType,
    expressions: Mapping[str, str],
) -> MakeObject:
    members = [
        Member(
            found.key,
            expressions.get(found.node.name.value, repr(kind.name)),
            operation.number(found.condition),
        )
        for found in fields
    ]
    return make_objects_of(members, {})
