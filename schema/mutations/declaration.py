"""What mutations are made of: inputs, payloads, and fields that record.

A mutation field hands its input, as keyword arguments, to a recording function, which runs in a
transaction of its own; a payload shows the ids and values of the function's answer.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import strawberry

from models import Scope
from resolvers.context import Context
from resolvers.recording import Answer
from resolvers.transaction import record
from schema.access import needs
from schema.declarations import MutationField
from schema.fields import Info, value

RecordingFunction = Callable[..., Any]

METADATA_PATCH = (
    "Merged into the metadata: a JSON merge patch (RFC 7396), an object whose nulls remove keys. "
    "Not together with `metadata`; must not be null."
)
"""What an update's `metadataPatch` does."""


def required(description: str) -> Any:
    """Declare an input field that must be given."""
    return strawberry.field(description=description)


def optional(description: str) -> Any:
    """Declare an input field that may be left out, which is told apart from null."""
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input
class RecordingInput:
    """What the input of every mutation has."""

    idempotency_key: str | None = optional(
        "Makes a retry safe: the same key again gives the first answer and writes nothing. "
        "Unique in the project, 1 to 512 characters."
    )


@strawberry.type
class Payload:
    """What the answer of every mutation has."""

    row: strawberry.Private[Answer]
    replayed: bool = value(
        "replayed", "True if an earlier call with this idempotency key made the answer."
    )


def mutation(
    function: RecordingFunction,
    input_type: type[Any],
    payload_type: type[Any],
    description: str,
    scope: Scope = Scope.RECORD,
) -> Any:
    """Declare a mutation by its recording function, input and payload, and the scope it needs."""

    async def answer(context: Context, name: str, given: Mapping[str, Any]) -> Answer:
        values = dict(given)
        key = values.pop("idempotency_key", None)
        return await record(context, name, function, values, key)

    async def resolve(info: Info, input: Any) -> Any:  # noqa: A002  the argument's name
        # the input is plain values by the names of Python: `plain_inputs`
        return payload_type(row=await answer(info.context, info.field_name, input))

    argument = strawberry.argument(description="What to record.")
    resolve.__annotations__["input"] = Annotated[input_type, argument]
    return strawberry.field(
        resolver=resolve,
        description=description,
        metadata={**needs(scope), "declaration": MutationField(answer)},
    )
