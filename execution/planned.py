"""Plans of operations, whatever their kind."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)

from execution.compile import compile_query
from execution.mutation import MutationPlan, compile_mutation, run_mutation
from execution.plan import QueryPlan
from execution.run import run_query
from resolvers.context import Context

Plan: TypeAlias = QueryPlan | MutationPlan


def compile_operation(
    schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
) -> Plan:
    """Compile a valid operation. Raises `Unplannable` where graphql-core has to run it."""
    if node.operation is OperationType.MUTATION:
        return compile_mutation(schema, document, node)
    return compile_query(schema, document, node)


async def run_plan(
    plan: Plan,
    schema: GraphQLSchema,
    node: OperationDefinitionNode,
    context: Context,
    variables: Mapping[str, Any],
) -> ExecutionResult | None:
    """Run an operation by its plan; None where graphql-core has to run it, from the start."""
    if isinstance(plan, MutationPlan):
        return await run_mutation(plan, schema, node, context, variables)
    data = await run_query(plan, schema, node, context, variables)
    return None if data is None else ExecutionResult(data, None)
