"""Module states as they once were, in the graph."""

from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.module_state_history import PastState, StateAsOf
from resolvers.state_transition import STATE_TRANSITION
from schema.fields import one, value
from schema.references import StateTransitionLink
from schema.scalars import JSON

Time = Annotated[
    datetime | None,
    strawberry.argument(
        description="The greatest revision whose transition has a `createdAt` at or before this."
    ),
]
Revision = Annotated[
    int | None, strawberry.argument(description="This revision; revisions count 1, 2, 3 …")
]


@strawberry.type(description="A module state at one of its revisions.")
class ModuleStateAsOf:
    """What the log of a module state replays to."""

    row: strawberry.Private[PastState]
    revision: int = value("revision", "The revision.")
    state: JSON = value("state", "The document as it was then.")
    created_at: datetime = value(
        "created_at", "When the revision was recorded, or when the runtime says it was."
    )
    transition: StateTransitionLink = one(
        STATE_TRANSITION, "state_transition", "The change that made the revision."
    )


def state_as_of(time: Time = strawberry.UNSET, revision: Revision = strawberry.UNSET) -> StateAsOf:
    """Make the loader of past states."""
    return StateAsOf(time or None, None if revision is strawberry.UNSET else revision)


def show_past_state(found: PastState | None) -> ModuleStateAsOf | None:
    """Show a past state; null where there was none."""
    return None if found is None else ModuleStateAsOf(row=found)
