"""A request for an operation that has a plan: what the plan runs with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from graphql import GraphQLSchema, VariableValues, get_argument_values

from execution.collect import Condition
from execution.plan import Place
from execution.variables import Variable, read_variables
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
        context: Context,
        given: Mapping[str, Any],
        variables: Sequence[Variable],
        conditions: Sequence[Condition],
        *,
        event: Mapping[str, Any],
    ) -> Self:
        """Read the variables of an operation. Raises `Unplannable` where they are wrong."""
        read = read_variables(schema, variables, given)
        holds = [
            all(read.coerced[name] is wanted for name, wanted in condition)
            for condition in conditions
        ]
        return cls(schema, context, given, read, holds, event)

    def includes(self, condition: int | None) -> bool:
        """Whether what stands under a condition, by its number, is asked for."""
        return condition is None or self.holds[condition]

    def arguments(self, place: Place) -> dict[str, Any]:
        """Read a field's arguments. Raises `GraphQLError` where they are wrong."""
        return get_argument_values(place.field, place.node, self.coerced)
