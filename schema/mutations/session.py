"""Mutations that record sessions."""

from datetime import datetime

import strawberry

from models import Scope, SessionKind, SessionStatus
from resolvers.session import (
    SESSION,
    create_session,
    end_session,
    update_session,
)
from resolvers.session_deletion import delete_session
from schema.fields import one, value
from schema.mutations.declaration import (
    METADATA_PATCH,
    Payload,
    RecordingInput,
    mutation,
    optional,
    required,
)
from schema.scalars import JSON
from schema.session import Session


@strawberry.input(description="A new session.")
class CreateSessionInput(RecordingInput):
    """What a session begins with."""

    session_id: str | None = optional(
        "The runtime's own name, unique in the project (`gen_ai.conversation.id`). If there is a "
        "session of that name made from the same input, it is given back; else CONFLICT."
    )
    parent: strawberry.ID | None = optional(
        "The session that starts this one: its id or `sessionId`. It cannot be changed later."
    )
    kind: SessionKind | None = optional(
        "How it comes to be. SUBAGENT if left out with a parent, ROOT without."
    )
    spawned_by_tool_call: strawberry.ID | None = optional("The id of the tool call that starts it.")
    agent: strawberry.ID | None = optional("The agent: its id or `agentId`.")
    agent_version: strawberry.ID | None = optional(
        "The id of the version that runs; the agent's active one if left out."
    )
    user_id: str | None = optional("The person served, by the runtime's own name.")
    title: str | None = optional("A title for people.")
    purpose: str | None = optional("What the session is for.")
    business_context: JSON | None = optional("Facts of the business around the session.")
    tags: list[str] | None = optional("Labels to find sessions by; 1,000 at most.")
    source: str | None = optional("Where it comes from, such as a channel.")
    context: JSON | None = optional("The runtime's own context; {} if left out.")
    metadata: JSON | None = optional("Anything else that is known; {} if left out.")
    started_at: datetime | None = optional("When it began; now if left out.")
    expires_at: datetime | None = optional(
        "When it is to become EXPIRED unless it has ended, a few seconds later at most; never if "
        "left out."
    )


@strawberry.type(description="The session that was created.")
class CreateSessionPayload(Payload):
    """The answer of createSession."""

    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")
    created: bool = value("created", "False if a session of that `sessionId` was there already.")


@strawberry.input(description="Changes of a session; what is left out stays as it is.")
class UpdateSessionInput(RecordingInput):
    """What can be changed of a session."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the session is at this revision."
    )
    user_id: str | None = optional("The person served; null for none.")
    title: str | None = optional("A title for people; null for none.")
    purpose: str | None = optional("What the session is for; null for none.")
    business_context: JSON | None = optional("Replaces the business context; null for none.")
    tags: list[str] | None = optional("Replaces the labels; must not be null.")
    source: str | None = optional("Where it comes from; null for none.")
    context: JSON | None = optional("Replaces the context; must not be null.")
    metadata: JSON | None = optional("Replaces the metadata; must not be null.")
    metadata_patch: JSON | None = optional(METADATA_PATCH)
    quality_score: float | None = optional("How good it was, 0 to 1; null for not judged.")
    user_satisfaction: float | None = optional(
        "How content the person was, 0 to 1; null for unknown."
    )
    learning_outcomes: JSON | None = optional("What was learned; null for nothing.")
    expires_at: datetime | None = optional(
        "When it is to become EXPIRED unless it has ended, a few seconds later at most; null for "
        "never."
    )


@strawberry.type(description="The session that was changed.")
class UpdateSessionPayload(Payload):
    """The answer of updateSession."""

    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")


@strawberry.input(description="How a session ends.")
class EndSessionInput(RecordingInput):
    """What is known at a session's end."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")
    status: SessionStatus = strawberry.field(
        default=SessionStatus.COMPLETED,
        description="COMPLETED, FAILED, CANCELLED or EXPIRED.",
    )
    expected_revision: int | None = optional(
        "Refuse with CONFLICT unless the session is at this revision."
    )
    ended_at: datetime | None = optional("When it ended; now if left out.")
    quality_score: float | None = optional("How good it was, 0 to 1.")
    user_satisfaction: float | None = optional("How content the person was, 0 to 1.")
    learning_outcomes: JSON | None = optional("What was learned.")


@strawberry.type(description="The session that was ended.")
class EndSessionPayload(Payload):
    """The answer of endSession."""

    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")


@strawberry.input(description="The session to delete.")
class DeleteSessionInput(RecordingInput):
    """Which session goes."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")


@strawberry.type(description="What was deleted.")
class DeleteSessionPayload(Payload):
    """The answer of deleteSession."""

    deleted_session_id: strawberry.ID = value("deleted_session", "The id that the session had.")
    deleted_session_count: int = value(
        "deleted_session_count", "How many sessions went: this one and all below it."
    )


@strawberry.type
class SessionMutation:
    """The mutations of sessions."""

    create_session: CreateSessionPayload | None = mutation(
        create_session,
        CreateSessionInput,
        CreateSessionPayload,
        "Begin a session, alone or below a parent.",
    )
    update_session: UpdateSessionPayload | None = mutation(
        update_session, UpdateSessionInput, UpdateSessionPayload, "Change a session."
    )
    end_session: EndSessionPayload | None = mutation(
        end_session,
        EndSessionInput,
        EndSessionPayload,
        "End a session; what it waits for is cancelled. Ending it again the same way is harmless.",
    )
    delete_session: DeleteSessionPayload | None = mutation(
        delete_session,
        DeleteSessionInput,
        DeleteSessionPayload,
        "Delete a session, all sessions below it and everything recorded in them, for good.",
        Scope.ADMIN,
    )
