"""Root fields that wait for something before they are resolved, such as a person's decision.

What a field waits for is declared in its metadata, and waited for before its operation runs: so who
waits holds nothing that others need, and the field itself is like any other.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from graphql import GraphQLField

from resolvers.context import Context

Wait: TypeAlias = Callable[[Context, Mapping[str, Any]], Coroutine[Any, Any, None]]
"""Waits, given the field's arguments by their names in GraphQL. Raises `DomainError` where they are
wrong; the field itself is to raise it again."""


def waits(wait: Wait) -> dict[str, Any]:
    """Give the metadata of a root field of queries that waits."""
    return {"wait": wait}


def wait_of(field: GraphQLField) -> Wait | None:
    """Give what a field of the built schema waits for; None if it does not."""
    declared = field.extensions.get("strawberry-definition")
    return None if declared is None else declared.metadata.get("wait")
