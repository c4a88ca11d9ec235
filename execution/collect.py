"""The fields that a selection asks for, fragments expanded.

https://spec.graphql.org/draft/#CollectFields()
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

Condition: TypeAlias = frozenset[tuple[str, bool]]
"""Variables and what they must be for a field to be included; empty if it always is."""

Selections: TypeAlias = tuple[tuple[SelectionSetNode, Condition], ...]
"""The selection sets of one object, each under a condition."""

ALWAYS: Condition = frozenset()


class Unplannable(Exception):
    """The plan does not cover this; graphql-core runs it."""


@dataclass(frozen=True, slots=True)
class CollectedField:
    """What a response key stands for: one field, with the selections of all places that ask."""

    key: str
    node: FieldNode
    condition: Condition
    selections: Selections


def collect(
    selections: Selections,
    object_type: GraphQLObjectType,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> list[CollectedField]:
    """Give the fields in the order of their keys. Raises `Unplannable`."""
    found: dict[str, list[tuple[FieldNode, Condition]]] = {}
    for selection_set, condition in selections:
        for node, own in _fields(selection_set.selections, condition, object_type, fragments):
            key = node.alias.value if node.alias else node.name.value
            found.setdefault(key, []).append((node, own))
    return [_merge(key, places) for key, places in found.items()]


def _merge(key: str, places: list[tuple[FieldNode, Condition]]) -> CollectedField:
    node, condition = places[0]
    if condition and any(other != condition for _, other in places):
        # which place comes first, and so the order of the keys, would depend on the variables
        raise Unplannable(key)
    inner = [(place.selection_set, own) for place, own in places if place.selection_set is not None]
    return CollectedField(key, node, condition, tuple(inner))


def _fields(
    nodes: Iterable[SelectionNode],
    condition: Condition,
    object_type: GraphQLObjectType,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Iterator[tuple[FieldNode, Condition]]:
    for node in nodes:
        own = _condition(node, condition)
        if own is None:
            continue
        if isinstance(node, FieldNode):
            yield node, own
            continue
        if isinstance(node, FragmentSpreadNode):
            fragment: FragmentDefinitionNode | InlineFragmentNode = fragments[node.name.value]
        elif isinstance(node, InlineFragmentNode):
            fragment = node
        else:
            raise Unplannable(type(node).__name__)
        on = fragment.type_condition.name.value if fragment.type_condition else None
        if on in {None, object_type.name, *(each.name for each in object_type.interfaces)}:
            inner = fragment.selection_set.selections
            yield from _fields(inner, own, object_type, fragments)


def _condition(node: SelectionNode, outer: Condition) -> Condition | None:
    """Add a node's `@skip` and `@include` to a condition; None where it can never hold."""
    condition = outer
    for directive in node.directives or ():
        name = directive.name.value
        if name not in {"skip", "include"}:
            raise Unplannable(name)
        (argument,) = directive.arguments or ()
        given = argument.value
        wanted = name == "include"
        if isinstance(given, BooleanValueNode):
            if given.value != wanted:
                return None
        elif isinstance(given, VariableNode):
            if (given.name.value, not wanted) in condition:
                return None
            condition |= {(given.name.value, wanted)}
        else:
            raise Unplannable(name)
    return condition
