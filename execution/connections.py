"""Connections in plans: what is asked of a page, and the objects that are made of its rows.

The parts of a page stand in tuples, from which generated functions make the objects: a connection
of (edges, nodes, page information, count), an edge of (cursor, node), and page information of (has
next, has previous, start cursor, end cursor).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from graphql import GraphQLObjectType, get_named_type

from execution.collect import CollectedField, Condition, Selections, Unplannable
from execution.objects import Member, make_objects_of
from execution.plan import Columns, LinkPlace, MakeObject, ObjectPlan, PagePlan
from resolvers.loaders import AnyPage


class SelectionCompiler(Protocol):
    """What a connection asks of the compiler of its operation."""

    def collect(self, selections: Selections, kind: GraphQLObjectType) -> list[CollectedField]:
        """Give the fields of a selection."""

    def number(self, condition: Condition) -> int | None:
        """Give the number of a condition in the plan; None where it always holds."""

    def node_type(self, place: LinkPlace) -> GraphQLObjectType:
        """Give the object type that a field leads to."""

    def object_plan(
        self, fields: Sequence[CollectedField], kind: GraphQLObjectType, columns: Columns
    ) -> ObjectPlan:
        """Compile what is wanted of a row."""


_CONNECTION = {"edges": "row[0]", "nodes": "row[1]", "pageInfo": "row[2]", "totalCount": "row[3]"}
_EDGE = {"cursor": "row[0]", "node": "row[1]"}
_INFORMATION = {
    "hasNextPage": "row[0]",
    "hasPreviousPage": "row[1]",
    "startCursor": "row[2]",
    "endCursor": "row[3]",
}


def rows_of(
    compiler: SelectionCompiler, selections: Selections, kind: GraphQLObjectType
) -> list[Selections]:
    """Give what is asked for of a connection's rows, as nodes and as nodes of edges."""
    rows = []
    for found in compiler.collect(selections, kind):
        if found.node.name.value == "nodes":
            rows.append(found.selections)
        elif found.node.name.value == "edges":
            edges = compiler.collect(found.selections, _inner(kind, "edges"))
            rows += [each.selections for each in edges if each.node.name.value == "node"]
    return rows


def compile_page(
    compiler: SelectionCompiler,
    selections: Selections,
    place: LinkPlace,
    loader: AnyPage,
    columns: Columns,
) -> PagePlan:
    """Compile what is wanted of a connection. Raises `Unplannable`."""
    kind = compiler.node_type(place)
    fields = compiler.collect(selections, kind)
    asked: dict[str, Selections] = {}
    for found in fields:
        name = found.node.name.value
        if name in asked and found.selections:
            raise Unplannable(name)  # rows twice, under two names
        asked[name] = found.selections
    nodes = None
    if "nodes" in asked:
        nodes = _rows(compiler, asked["nodes"], _inner(kind, "nodes"), columns)
    edges: list[CollectedField] = []
    edge_nodes = None
    if "edges" in asked:
        edge = _inner(kind, "edges")
        edges = compiler.collect(asked["edges"], edge)
        inner = [each.selections for each in edges if each.node.name.value == "node"]
        if len(inner) > 1:
            raise Unplannable("node")
        edge_nodes = _rows(compiler, inner[0], _inner(edge, "node"), columns) if inner else None
    make_information = _make(compiler, (), kind, _INFORMATION)
    if "pageInfo" in asked:
        information = _inner(kind, "pageInfo")
        found_information = compiler.collect(asked["pageInfo"], information)
        make_information = _make(compiler, found_information, information, _INFORMATION)
    return PagePlan(
        loader,
        _make(compiler, fields, kind, _CONNECTION),
        _make(compiler, edges, _inner(kind, "edges"), _EDGE),
        make_information,
        columns,
        nodes,
        edge_nodes,
        wants_cursors="pageInfo" in asked
        or any(each.node.name.value == "cursor" for each in edges),
        wants_edges="edges" in asked,
        wants_count="totalCount" in asked,
    )


def _rows(
    compiler: SelectionCompiler, selections: Selections, kind: GraphQLObjectType, columns: Columns
) -> ObjectPlan:
    return compiler.object_plan(compiler.collect(selections, kind), kind, columns)


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
