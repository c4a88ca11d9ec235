"""Mutations that record session events."""

from datetime import datetime

import strawberry

from resolvers.session import SESSION
from resolvers.session_event import SESSION_EVENT, create_session_event
from schema.fields import one
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.session import Session
from schema.session_event import SessionEvent


@strawberry.input(description="An event of the runtime's own.")
class CreateSessionEventInput(RecordingInput):
    """What happened."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")
    event_type: str = required(
        "The runtime's own type; not one that the server writes, such as `message.recorded`."
    )
    event_data: JSON | None = optional("Further facts.")
    actor_id: str | None = optional("Who did it.")
    duration_ms: int | None = optional("Milliseconds it took; at least 0.")
    occurred_at: datetime | None = optional("When it happened; now if left out.")


@strawberry.type(description="The event that was recorded.")
class CreateSessionEventPayload(Payload):
    """The answer of createSessionEvent."""

    session_event: SessionEvent | None = one(
        SESSION_EVENT, "session_event", "The event; null if deleted since."
    )
    session: Session | None = one(SESSION, "session", "Its session; null if deleted since.")


@strawberry.type
class SessionEventMutation:
    """The mutations of session events."""

    create_session_event: CreateSessionEventPayload | None = mutation(
        create_session_event,
        CreateSessionEventInput,
        CreateSessionEventPayload,
        "Append an event of the runtime's own to a session's feed.",
    )
