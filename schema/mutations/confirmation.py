"""Mutations that record confirmations."""

from datetime import datetime
from enum import StrEnum

import strawberry

from resolvers.confirmation import (
    CONFIRMATION,
    clear_confirmation,
    decide_confirmation,
    request_confirmation,
)
from resolvers.session import SESSION
from schema.confirmation import Confirmation
from schema.enums import describe
from schema.fields import one
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.session import Session


class Decision(StrEnum):
    """What a person decides."""

    APPROVED = "APPROVED"
    DENIED = "DENIED"


describe(
    Decision,
    "What a person decides.",
    APPROVED="The tool call may run.",
    DENIED="The tool call must not run.",
)


@strawberry.input(description="A question to a person before a tool call runs.")
class RequestConfirmationInput(RecordingInput):
    """What is asked."""

    session: strawberry.ID = required("The session that waits: its id or `sessionId`.")
    tool_call: strawberry.ID | None = optional(
        "The tool call in question: its id or the runtime's `toolCallId`."
    )
    tool_name: str | None = optional("The tool; the call's own if left out.")
    arguments: JSON | None = optional("The arguments; the call's own if left out.")
    user_message: str | None = optional("What the person is asked.")
    expires_at: datetime | None = optional(
        "Until when a decision is taken; then it becomes EXPIRED and its tool call CANCELLED. For "
        "ever if left out."
    )
    created_at: datetime | None = optional("When it was asked; now if left out.")


@strawberry.input(description="What a person decided.")
class DecideConfirmationInput(RecordingInput):
    """A decision."""

    confirmation: strawberry.ID = required("The confirmation's id.")
    decision: Decision = required("Whether the tool call may run.")
    decided_by: str | None = optional("Who decides.")
    decider_type: str | None = optional("What kind of decider that is.")
    reason: str | None = optional("Why it is decided so.")
    edited_arguments: JSON | None = optional(
        "What the tool is to be called with instead; unchanged if left out."
    )
    decided_at: datetime | None = optional(
        "When it was decided, not before the confirmation's `createdAt`; now if left out."
    )


@strawberry.input(description="The confirmation to withdraw.")
class ClearConfirmationInput(RecordingInput):
    """Which question goes."""

    confirmation: strawberry.ID = required("The confirmation's id.")
    reason: str | None = optional("Why it is withdrawn.")
    decided_at: datetime | None = optional(
        "When it was withdrawn, not before the confirmation's `createdAt`; now if left out."
    )


@strawberry.type(description="The confirmation that was recorded.")
class ConfirmationPayload(Payload):
    """What the mutations of confirmations answer alike."""

    confirmation: Confirmation | None = one(
        CONFIRMATION, "confirmation", "The confirmation; null if deleted since."
    )
    session: Session | None = one(SESSION, "session", "Its session; null if deleted since.")


@strawberry.type(description="The confirmation that was requested.")
class RequestConfirmationPayload(ConfirmationPayload):
    """The answer of requestConfirmation."""


@strawberry.type(description="The confirmation that was decided.")
class DecideConfirmationPayload(ConfirmationPayload):
    """The answer of decideConfirmation."""


@strawberry.type(description="The confirmation that was withdrawn.")
class ClearConfirmationPayload(ConfirmationPayload):
    """The answer of clearConfirmation."""


@strawberry.type
class ConfirmationMutation:
    """The mutations of confirmations."""

    request_confirmation: RequestConfirmationPayload | None = mutation(
        request_confirmation,
        RequestConfirmationInput,
        RequestConfirmationPayload,
        "Ask a person before a tool call runs. The call awaits the decision, the session waits.",
    )
    decide_confirmation: DecideConfirmationPayload | None = mutation(
        decide_confirmation,
        DecideConfirmationInput,
        DecideConfirmationPayload,
        "Approve or deny. The first decision stays; the same again is harmless, another is "
        "CONFLICT. An approved tool call is PENDING again, a denied one DENIED.",
    )
    clear_confirmation: ClearConfirmationPayload | None = mutation(
        clear_confirmation,
        ClearConfirmationInput,
        ClearConfirmationPayload,
        "Withdraw a question; its tool call is CANCELLED.",
    )
