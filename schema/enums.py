"""Enums: the stored values under their names, each with a description."""

from enum import StrEnum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def describe(stored: type[StrEnum], description: str, **values: str) -> None:
    """Make a stored enum part of the schema. Each of its values needs a description."""
    strawberry.enum(stored, description=description)
    definition: StrawberryEnumDefinition = getattr(stored, "__strawberry_definition__")  # noqa: B009
    if {value.name for value in definition.values} != set(values):
        raise TypeError(stored)
    for value in definition.values:
        value.description = values[value.name]
