"""A request for an operation that has a plan: what the plan runs with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    VariableValues,
    get_argument_values,
    get_variable_values,
)

from execution.collect import Condition, Unplannable
from execution.plan import Place
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class Request:
    """Variables, as they were sent and as they were read, and which conditions hold."""

    schema: GraphQLSchema
    context: Context
    variables: Mapping[str, Any]
    coerced: VariableValues
    holds: Sequence[bool]
    event: Mapping[str, Any]
    """What a subscription's function gave: ids and plain values."""

    @classmethod
    def read(
        cls,
        schema: GraphQLSchema,
        node: OperationDefinitionNode,
        context: Context,
        variables: Mapping[str, Any],
        conditions: Sequence[Condition],
        *,
        event: Mapping[str, Any],
    ) -> Self:
        """Read the variables of an operation. Raises `Unplannable` where they are wrong."""
        # the first error will do, since graphql-core then reads them again: each takes as long as
        # what it is found in, and a body may hold a hundred thousand
        coerced = get_variable_values(
            schema,
            node.variable_definitions or (),
            dict(variables),
            max_errors=0,
            hide_suggestions=True,
        )
        if isinstance(coerced, list):
            raise Unplannable
        given = coerced.coerced
        holds = [
            all(given[name] is wanted for name, wanted in condition) for condition in conditions
        ]
        return cls(schema, context, variables, coerced, holds, event)

    def includes(self, condition: int | None) -> bool:
        """Whether what stands under a condition, by its number, is asked for."""
        return condition is None or self.holds[condition]

    def arguments(self, place: Place) -> dict[str, Any]:
        """Read a field's arguments. Raises `GraphQLError` where they are wrong."""
        return get_argument_values(place.field, place.node, self.coerced)
