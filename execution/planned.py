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

from execution.collect import Unplannable
from execution.compile import compile_query, compile_subscription
from execution.mutation import MutationPlan, compile_mutation, run_mutation
from execution.operation import Operation
from execution.plan import QueryPlan
from execution.request import Request
from execution.run import run_query
from resolvers.context import Context

Plan: TypeAlias = QueryPlan | MutationPlan


def compile_operation(
    schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode
) -> Plan:
    """Compile a valid operation. Raises `Unplannable` where graphql-core has to run it."""
    operation = Operation.of(schema, document, node)
    match node.operation:
        case OperationType.QUERY:
            return compile_query(operation)
        case OperationType.MUTATION:
            return compile_mutation(operation)
        case OperationType.SUBSCRIPTION:
            return compile_subscription(operation)


async def run_plan(
    plan: Plan,
    schema: GraphQLSchema,
    context: Context,
    variables: Mapping[str, Any],
    *,
    event: Mapping[str, Any] | None = None,
) -> ExecutionResult | None:
    """Run an operation by its plan; None where graphql-core has to run it, from the start.

    `event` is that of a subscription.
    """
    try:
        request = Request.read(
            schema, context, variables, plan.variables, plan.conditions, event=event or {}
        )
    except Unplannable:
        return None
    if isinstance(plan, MutationPlan):
        return await run_mutation(plan, request)
    data = await run_query(plan, request)
    return None if data is None else ExecutionResult(data, None)
