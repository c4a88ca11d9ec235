"""What subscriptions are made of: fields that follow, and what they show of each event.

A subscription's function gives events as ids and plain values, like a mutation's answer. Each is
shown with a context of its own, so what it leads to is read anew.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import strawberry

from resolvers.errors import NotFound
from resolvers.loaders import OneByColumn
from resolvers.recording import Answer
from schema.access import READABLE
from schema.declarations import EventField, OneField
from schema.fields import NODE_TYPES, Info, noun_argument
from schema.scalars import BigInt

Following = TypeVar("Following", bound=Callable[..., Any])

AfterPosition = Annotated[
    BigInt | None,
    strawberry.argument(
        description="The `position` of the last event seen, 0 for all: what came behind it is "
        "given first. Only new ones if left out."
    ),
]
"""Where a subscription to a whole project begins."""


def shown_node(loader: OneByColumn, key: str) -> EventField:
    """Show the row whose id an event has under a name."""

    async def show(event: Answer, info: Info, **_arguments: Any) -> Any:
        row = await info.context.load(loader, event[key])
        if row is None:
            raise NotFound("It has been deleted since.")
        return NODE_TYPES[loader.table](row=row)

    return EventField(show, OneField(loader, key))


def shown_as(make: Callable[..., Any]) -> EventField:
    """Show an event as an object of its own, which holds it as its row."""

    async def show(event: Answer, _info: Info, **_arguments: Any) -> Any:
        return make(row=event)

    return EventField(show, None)


def following(
    shown: EventField, description: str, *, filter_of: str | None = None
) -> Callable[[Following], Following]:
    """Make a subscription of a function that gives events, once it has checked the arguments.

    `filter_of` names the noun whose filter its argument `filter` is. Whoever may read may follow.
    """

    def declare(function: Following) -> Following:
        if filter_of is not None:
            text = "Only rows that are like this, or were so until their status changed."
            function.__annotations__["filter"] = noun_argument(filter_of, "Filter", text)
        made: Following = strawberry.subscription(
            resolver=function,
            description=description,
            metadata={**READABLE, "declaration": shown},
        )
        return made

    return declare
