"""Refuses documents that ask for too much, before they are validated or run."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    IntValueNode,
    OperationDefinitionNode,
    parse,
)

from server.http.document_walk import DocumentWalk, Measure
from server.http.refusals import Limited
from server.settings import Settings

_MAX_INTROSPECTION_LISTS = 2
"""What the usual introspection query needs."""


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
) -> list[Measure]:
    """Measure every operation of a document, in order, without variables.

    Raises `Limited` where one asks for too much, and `Invalid` for fragments that contain
    themselves. Costs are left to `check_cost`, since variables have a say in them.
    """
    walk = DocumentWalk(schema, document, {})
    operations = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            measure = walk.measure(definition)
            operations.append(measure)
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
    document: DocumentNode,
    operation: OperationDefinitionNode,
    measure: Measure,
    *,
    variables: Mapping[str, Any],
    settings: Settings,
) -> None:
    """Refuse an operation whose pages could return too much. Raises `Limited`."""
    if measure.size_variables:
        values = {**_defaults(operation), **variables}
        measure = DocumentWalk(schema, document, values).measure(operation)
    _check("objects that it could return", measure.cost, settings.max_cost)


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
