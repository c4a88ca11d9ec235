"""What plans leave to graphql-core: fields of a node, run as an operation with it as the root.

All nodes of a level run at the same time, so that loaders batch what they ask for.
"""

from asyncio import gather
from collections.abc import Sequence
from functools import lru_cache
from inspect import isawaitable
from typing import Any
from uuid import UUID

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
)
from sqlalchemy import Uuid

from execution.collect import CollectedField, Unplannable
from execution.operation import Operation
from execution.plan import Columns, Rest
from execution.request import Request
from schema.fields import NODE_TYPES


def compile_rest(
    operation: Operation,
    fields: Sequence[CollectedField],
    kind: GraphQLObjectType,
    columns: Columns,
) -> Rest | None:
    """Make an operation of the fields that are left to graphql-core, with the node as root."""
    if not fields:
        return None
    nodes = []
    for found in fields:
        inner = [node for part, _ in found.selections for node in part.selections]
        if any(condition != found.condition for _, condition in found.selections):
            raise Unplannable(found.key)
        selection_set = SelectionSetNode(selections=tuple(inner)) if inner else None
        nodes.append(_without_conditions(found, selection_set))
    own = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=operation.node.variable_definitions,
        selection_set=SelectionSetNode(selections=tuple(nodes)),
    )
    document = DocumentNode(definitions=(own, *operation.fragments.values()))
    keys = [(found.key, operation.number(found.condition)) for found in fields]
    row = [
        (columns.position(column.name), isinstance(column.type, Uuid)) for column in columns.table.c
    ]
    return Rest(NODE_TYPES[columns.table], kind.name, keys, row, document)


def _without_conditions(found: CollectedField, inner: SelectionSetNode | None) -> FieldNode:
    node = found.node
    return FieldNode(
        alias=node.alias, name=node.name, arguments=node.arguments, selection_set=inner
    )


async def run_rest(
    request: Request, rest: Rest, rows: Sequence[Any], made: Sequence[dict[str, Any]]
) -> None:
    """Add the fields to the objects that were made of rows, of all at the same time."""
    kept = [key for key, condition in rest.keys if request.includes(condition)]
    if kept:
        worked_out = await gather(*[_run(request, rest, row) for row in rows])
        for one, data in zip(made, worked_out, strict=True):
            one.update({key: data[key] for key in kept})


async def _run(request: Request, rest: Rest, row: Any) -> dict[str, Any]:
    """Work the fields out for one row. Raises `Unplannable` where there are errors."""
    result = execute(
        _rooted(request.schema, rest.type_name),
        rest.document,
        root_value=rest.node_type(row=_whole(rest, row)),
        context_value=request.context,
        variable_values=dict(request.variables),
    )
    if isawaitable(result):
        result = await result
    if result.errors or result.data is None:
        raise Unplannable(rest.type_name)
    return result.data


def _whole(rest: Rest, row: Any) -> list[Any]:
    """Give the table's row."""
    return [
        UUID(bytes=row[place]) if is_uuid and row[place] is not None else row[place]
        for place, is_uuid in rest.row
    ]


@lru_cache(64)
def _rooted(schema: GraphQLSchema, type_name: str) -> GraphQLSchema:
    """Give the schema whose operations begin at a node of this type."""
    root = schema.type_map[type_name]
    if not isinstance(root, GraphQLObjectType):
        raise Unplannable(type_name)
    types = [kind for kind in schema.type_map.values() if not kind.name.startswith("__")]
    return GraphQLSchema(query=root, types=types, assume_valid=True)
