"""Connections in plans: what is asked of a page, and the objects that are made of its rows.

The parts of a page stand in tuples, from which generated functions make the objects: a connection
of (edges, nodes, page information, count), an edge of (cursor, node), and page information of (has
next, has previous, start cursor, end cursor).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_argument_values,
    get_named_type,
)
from sqlalchemy import BigInteger, Table

from execution.collect import CollectedField, Condition, Selections, Unplannable
from execution.objects import Member, make_objects_of
from execution.plan import (
    COUNT,
    ConnectionPlan,
    CountStep,
    MakeObject,
    ObjectPlan,
    PageStep,
    Place,
    ReadStep,
    Step,
)
from resolvers.errors import Invalid
from resolvers.loaders import Pages
from resolvers.page import Page
from schema.fields import read_page_arguments


class SelectionCompiler(Protocol):
    """What a connection asks of the compiler of its operation."""

    steps: list[Step]

    def collect(self, selections: Selections, kind: GraphQLObjectType) -> list[CollectedField]:
        """Give the fields of a selection."""

    def number(self, condition: Condition) -> int | None:
        """Give the number of a condition in the plan; None where it always holds."""

    def node_type(self, place: Place) -> GraphQLObjectType:
        """Give the object type that a field leads to."""

    def new(self, place: Place, parent: ReadStep | None, table: Table) -> dict[str, Any]:
        """Give what a new step begins with."""

    def object_plan(
        self, fields: Sequence[CollectedField], kind: GraphQLObjectType, step: ReadStep
    ) -> ObjectPlan:
        """Compile what is wanted of a step's rows."""


_CONNECTION = {"edges": "row[0]", "nodes": "row[1]", "pageInfo": "row[2]", "totalCount": "row[3]"}
_EDGE = {"cursor": "row[0]", "node": "row[1]"}
_INFORMATION = {
    "hasNextPage": "row[0]",
    "hasPreviousPage": "row[1]",
    "startCursor": "row[2]",
    "endCursor": "row[3]",
}


def compile_page(
    compiler: SelectionCompiler,
    selections: Selections,
    place: Place,
    loader: Pages,
    *,
    parent: ReadStep | None = None,
    key: str | None = None,
) -> PageStep:
    """Add the step of a connection. Raises `Unplannable`."""
    page = None if _has_variables(place.node) else _read_page(loader, place)
    new = compiler.new(place, parent, loader.table)
    step = PageStep(**new, key=key, loader=loader, page=page)
    compiler.steps.append(step)
    kind = compiler.node_type(place)
    fields = compiler.collect(selections, kind)
    asked: dict[str, Selections] = {}
    for found in fields:
        name = found.node.name.value
        if name in asked and found.selections:
            raise Unplannable(name)  # rows twice, under two names
        asked[name] = found.selections
    count = None
    if "totalCount" in asked:
        new = compiler.new(place, parent, loader.table)
        count = CountStep(**new, key=key, loader=loader, page_step=step)
        count.columns.read(COUNT, BigInteger())
        compiler.steps.append(count)
    nodes = None
    if "nodes" in asked:
        nodes = _rows(compiler, asked["nodes"], _inner(kind, "nodes"), step)
    edges: list[CollectedField] = []
    edge_nodes = None
    make_edge = None
    if "edges" in asked:
        edge = _inner(kind, "edges")
        edges = compiler.collect(asked["edges"], edge)
        inner = [each.selections for each in edges if each.node.name.value == "node"]
        if len(inner) > 1:
            raise Unplannable("node")
        edge_nodes = _rows(compiler, inner[0], _inner(edge, "node"), step) if inner else None
        make_edge = _make(compiler, edges, edge, _EDGE)
    make_information = None
    if "pageInfo" in asked:
        information = _inner(kind, "pageInfo")
        found_information = compiler.collect(asked["pageInfo"], information)
        make_information = _make(compiler, found_information, information, _INFORMATION)
    step.connection = ConnectionPlan(
        _make(compiler, fields, kind, _CONNECTION),
        make_edge,
        make_information,
        nodes,
        edge_nodes,
        wants_cursors="pageInfo" in asked
        or any(each.node.name.value == "cursor" for each in edges),
        count=count,
    )
    return step


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


def _read_page(loader: Pages, place: Place) -> Page:
    try:
        return read_page_arguments(loader, **get_argument_values(place.field, place.node))
    except (GraphQLError, Invalid) as error:
        raise Unplannable(place.key) from error


def _rows(
    compiler: SelectionCompiler, selections: Selections, kind: GraphQLObjectType, step: ReadStep
) -> ObjectPlan:
    return compiler.object_plan(compiler.collect(selections, kind), kind, step)


def _make(
    compiler: SelectionCompiler,
    fields: Sequence[CollectedField],
    kind: GraphQLObjectType,
    expressions: Mapping[str, str],
) -> MakeObject:
    members = [
        Member(
            found.key,
            expressions.get(found.node.name.value, repr(kind.name)),
            compiler.number(found.condition),
        )
        for found in fields
    ]
    return make_objects_of(members, {})


def _inner(kind: GraphQLObjectType, name: str) -> GraphQLObjectType:
    inner = get_named_type(kind.fields[name].type)
    if not isinstance(inner, GraphQLObjectType):
        raise Unplannable(name)
    return inner
