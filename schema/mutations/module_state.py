"""Mutations that record module states and their transitions."""

from datetime import datetime

import strawberry

from resolvers.module_state import (
    MODULE_STATE,
    record_state_transition,
    upsert_module_state,
)
from resolvers.state_transition import STATE_TRANSITION
from schema.fields import one, value
from schema.module_state import ModuleState
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.state_transition import StateTransition


@strawberry.input(description="What is told of a transition besides its values.")
class TransitionInput:
    """What set a transition off."""

    trigger_type: str | None = optional("What kind of thing set it off.")
    trigger_id: str | None = optional("Which one, in the runtime's own words.")
    transition_data: JSON | None = optional("Further facts.")
    actor_id: str | None = optional("Who did it.")
    actor_type: str | None = optional("What kind of actor that is.")


@strawberry.input(description="The whole state of a module.")
class ModuleStateInput:
    """A document that takes the place of the one before."""

    module_id: str = required("The module, by a name unique in the session.")
    state: JSON = required("The document; must not be null.")
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the state is at this revision; 0 for none yet."
    )
    state_type: str | None = optional("The runtime's kind of state.")
    version: str | None = optional("The version of the document's form.")
    expires_at: datetime | None = optional(
        "When the state is to be deleted, a few seconds later at most; null for never. It is taken "
        "over even where the document is the same already."
    )
    snapshot_reason: str | None = optional("Keep a copy of the document, for this reason.")
    transition: TransitionInput | None = optional("What set the change off.")
    created_at: datetime | None = optional("When it happened; now if left out.")


@strawberry.input(description="The whole state of a module in a session.")
class UpsertModuleStateInput(RecordingInput, ModuleStateInput):
    """A document and where it belongs."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")


@strawberry.type(description="The state as it is now.")
class UpsertModuleStatePayload(Payload):
    """The answer of upsertModuleState."""

    module_state: ModuleState | None = one(
        MODULE_STATE, "module_state", "The state; null if deleted since."
    )
    state_transition: StateTransition | None = one(
        STATE_TRANSITION, "state_transition", "The transition; null if nothing changed."
    )
    changed: bool = value("changed", "False if the document was the same already.")


@strawberry.input(description="A change of a module's state.")
class StateChangeInput(TransitionInput):
    """A JSON merge patch and what set it off."""

    new_values: JSON = required("A JSON merge patch (RFC 7396): an object whose nulls remove keys.")
    previous_values: JSON | None = optional(
        "What the patch replaces; worked out by the server if left out."
    )
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the state is at this revision."
    )
    created_at: datetime | None = optional("When it happened; now if left out.")


@strawberry.input(description="A change of the state of one of a session's modules.")
class StateTransitionInput(StateChangeInput):
    """A change and the module it belongs to."""

    module_id: str = required("The module, by its name in the session.")


@strawberry.input(description="A change of a module's state, named by its id or its module.")
class RecordStateTransitionInput(RecordingInput, StateChangeInput):
    """A change and where it belongs."""

    module_state: strawberry.ID | None = optional(
        "The state's id; or give `session` and `moduleId`."
    )
    session: strawberry.ID | None = optional("The session: its id or `sessionId`.")
    module_id: str | None = optional("The module, by its name in the session.")


@strawberry.type(description="The transition with the state that it made.")
class RecordStateTransitionPayload(Payload):
    """The answer of recordStateTransition."""

    state_transition: StateTransition | None = one(
        STATE_TRANSITION, "state_transition", "The transition; null if deleted since."
    )
    module_state: ModuleState | None = one(
        MODULE_STATE, "module_state", "The state; null if deleted since."
    )


@strawberry.type
class ModuleStateMutation:
    """The mutations of module states."""

    upsert_module_state: UpsertModuleStatePayload | None = mutation(
        upsert_module_state,
        UpsertModuleStateInput,
        UpsertModuleStatePayload,
        "Replace a module's state, or make it, and log one transition. The same document again "
        "changes nothing.",
    )
    record_state_transition: RecordStateTransitionPayload | None = mutation(
        record_state_transition,
        RecordStateTransitionInput,
        RecordStateTransitionPayload,
        "Apply a JSON merge patch to a module's state, and log it.",
    )
