"""Fields that are methods."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

from schema.access import READABLE

Method = TypeVar("Method", bound=Callable[..., Any])


def method(description: str, **metadata: Any) -> Callable[[Method], Method]:
    """Make a field of a method, with the method's type kept for type checkers.

    Whoever may read may read it.
    """

    def declare(function: Method) -> Method:
        made: Method = strawberry.field(
            resolver=function, description=description, metadata={**READABLE, **metadata}
        )
        return made

    return declare
