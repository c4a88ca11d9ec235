"""Selections of all that a type has, by walking the built schema."""

from collections.abc import Iterator

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
)

from schema import schema

SCHEMA = schema._schema
_PAGE = {"first", "after", "last", "before", "filter", "orderBy"}
_VALUES = {
    "from": '"2026-01-01T00:00:00Z"',
    "to": '"2026-03-01T00:00:00Z"',
    "bucket": "WEEK",
    "last": "200",
    "revision": "2",
    "time": None,
}
"""What to give for the arguments of fields that are no connections; a new one must be told here."""


def is_connection(field: GraphQLField) -> bool:
    """Whether a field gives pages."""
    return get_named_type(field.type).name.endswith("Connection")


def object_types() -> list[GraphQLObjectType]:
    """The types with an id, and others below the root."""
    return [
        kind
        for kind in SCHEMA.type_map.values()
        if isinstance(kind, GraphQLObjectType)
        and not kind.name.startswith("__")
        and kind not in {SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type}
    ]


def node_types() -> list[GraphQLObjectType]:
    """The types that `node` finds."""
    return [kind for kind in object_types() if any(each.name == "Node" for each in kind.interfaces)]


def connections(kind: GraphQLObjectType) -> Iterator[tuple[str, GraphQLField]]:
    """The connections of a type."""
    for name, field in kind.fields.items():
        if is_connection(field):
            yield name, field


def node_of(field: GraphQLField) -> GraphQLObjectType:
    """The type of a connection's rows."""
    connection = get_named_type(field.type)
    assert isinstance(connection, GraphQLObjectType)
    kind = get_named_type(connection.fields["nodes"].type)
    assert isinstance(kind, GraphQLObjectType)
    return kind


def select_all(kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
    """Select everything of a type; links and pages so many levels deep, and behind them the id."""
    if isinstance(kind, GraphQLInterfaceType):
        parts = [f"... on {each.name} {select_all(each, 0)}" for each in node_types()]
        return f"{{ __typename id {' '.join(parts)} }}"
    written = ["__typename"]
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        is_object = not is_leaf_type(inner)
        if is_object and depth <= 0 and not _is_plain(inner):
            continue
        arguments = _arguments(name, field)
        below = ""
        if is_object:
            assert isinstance(inner, GraphQLObjectType | GraphQLInterfaceType)
            # what is no node by itself is a part of the object
            deeper = depth - 1 if inner.name in _NODE_NAMES or inner.name == "Node" else depth
            below = " " + select_all(inner, deeper)
        written.append(f"{_alias(kind, name)}{name}{arguments}{below}")
    return f"{{ {' '.join(written)} }}"


_NODE_NAMES = {kind.name for kind in node_types()}


def _is_plain(kind: object) -> bool:
    """Whether a type has plain values alone, such as figures."""
    return isinstance(kind, GraphQLObjectType) and all(
        is_leaf_type(get_named_type(field.type)) for field in kind.fields.values()
    )


def _alias(kind: GraphQLObjectType, name: str) -> str:
    # fields of the same name differ in whether they can be null, where a node may be of any type
    return f"{kind.name}_{name}: " if kind.name in _NODE_NAMES else ""


def _arguments(name: str, field: GraphQLField) -> str:
    if is_connection(field):
        assert set(field.args) == _PAGE, f"{name} has an argument that no test gives"
        return "(first: 100)"
    given = {each: _VALUES[each] for each in field.args}
    written = [f"{each}: {value}" for each, value in given.items() if value is not None]
    return f"({', '.join(written)})" if written else ""
