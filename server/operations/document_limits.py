"""Refuses documents that ask for too much, before they are validated or run."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    parse,
)

from server.operations.document_walk import DocumentWalk, Measure
from server.operations.errors import Limited
from server.settings import Settings

_MAX_INTROSPECTION_LISTS = 2
"""What the usual introspection query needs."""
_MAX_KNOWN_COSTS = 100
"""Of one operation: clients ask for few sizes of pages."""


@dataclass(frozen=True, slots=True)
class MeasuredOperation:
    """An operation and what it asks for, but for what variables say."""

    document: DocumentNode
    node: OperationDefinitionNode
    measure: Measure
    known_costs: dict[Hashable, int] = field(default_factory=dict)
    """By the variables that pages' sizes depend on; see `check_cost`."""


def parse_within_limits(text: str, settings: Settings) -> DocumentNode:
    """Parse a document. Raises `Limited`, or graphql-core's GraphQLSyntaxError."""
    _check("characters", len(text), settings.max_document_characters)
    document = parse(
        text,
        max_lexical_tokens=settings.max_document_tokens,
        max_comments=settings.max_document_tokens,
        allow_empty_selection_sets=False,
    )
    _check("definitions", len(document.definitions), settings.max_document_definitions)
    return document


def measure_operations(
    schema: GraphQLSchema, document: DocumentNode, settings: Settings
) -> list[MeasuredOperation]:
    """Measure every operation of a document, in order, without variables.

    Raises `Limited` where one asks for too much, and `Invalid` for fragments that contain
    themselves. Costs are left to `check_cost`, since variables have a say in them.
    """
    walk = DocumentWalk(schema, document, {})
    operations = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            measure = walk.measure(definition)
            operations.append(MeasuredOperation(document, definition, measure))
            _check("root fields", measure.root_fields, settings.max_root_fields)
        elif isinstance(definition, FragmentDefinitionNode):
            # validation works on every fragment, whether an operation uses it or not
            measure = walk.measure_fragment(definition.name.value)
        else:
            continue
        _check("levels of fields", measure.depth, settings.max_depth)
        _check("fields", measure.fields, settings.max_fields)
        _check("aliases", measure.aliases, settings.max_aliases)
        lists = measure.introspection_lists
        _check("levels of introspected lists", lists, _MAX_INTROSPECTION_LISTS)
    _check("directives", walk.directives, settings.max_directives)
    return operations


def check_cost(
    schema: GraphQLSchema,
    operation: MeasuredOperation,
    *,
    variables: Mapping[str, Any],
    settings: Settings,
) -> int:
    """Give the objects that an operation could return. Raises `Limited` for too many."""
    cost = operation.measure.cost
    if operation.measure.size_variables:
        given = {**_defaults(operation.node), **variables}
        values = {name: _whole(given.get(name)) for name in operation.measure.size_variables}
        identity = tuple(values.values()) if _is_plain(values.values()) else None
        known = operation.known_costs.get(identity)
        if known is None:
            walk = DocumentWalk(schema, operation.document, values)
            known = walk.measure(operation.node).cost
            if identity is not None and len(operation.known_costs) < _MAX_KNOWN_COSTS:
                operation.known_costs[identity] = known
        cost = known
    _check("objects that it could return", cost, settings.max_cost)
    return cost


def _is_plain(values: Iterable[Any]) -> bool:
    return all(value is None or type(value) is int for value in values)


def _whole(value: Any) -> Any:
    """Read 200.0 as 200, as GraphQL's Int does."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _defaults(operation: OperationDefinitionNode) -> dict[str, Any]:
    return {
        definition.variable.name.value: int(definition.default_value.value[:9])
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }


def _check(limit: str, value: int, allowed: int) -> None:
    if value > allowed:
        raise Limited(
            f"The document has {value:,} {limit}; at most {allowed:,} are allowed.",
            limit=limit,
            value=value,
            allowed=allowed,
        )
