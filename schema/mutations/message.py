"""Mutations that record and delete messages."""

from datetime import datetime
from decimal import Decimal

import strawberry

from models import MessageRole, MessageStatus, Scope, ToolCallStatus
from resolvers.message import (
    MESSAGE,
    delete_message,
    delete_session_messages,
    record_message,
)
from resolvers.session import SESSION
from resolvers.tool_call import TOOL_CALL
from schema.fields import many, one, value
from schema.message import Message
from schema.mutations.declaration import Payload, RecordingInput, mutation, optional, required
from schema.scalars import JSON
from schema.session import Session
from schema.tool_call import ToolCall


@strawberry.input(description="A tool call that an assistant message asks for.")
class ToolCallInput:
    """A tool call of a new message."""

    tool_name: str = required("The tool (`gen_ai.tool.name`).")
    tool_call_id: str | None = optional(
        "The runtime's own id (`gen_ai.tool.call.id`). Used again in the session, it is a new "
        "attempt of the same call."
    )
    tool_type: str | None = optional("The tool's kind, such as `function`.")
    arguments: JSON | None = optional("What the tool is called with.")
    status: ToolCallStatus | None = optional(
        "Where the call stands; PENDING if left out. Not AWAITING_CONFIRMATION: request that."
    )
    result: JSON | None = optional("What it gave back, if it already has.")
    error_type: str | None = optional("The kind of error, if it failed already.")
    error_message: str | None = optional("What went wrong, if it failed already.")
    started_at: datetime | None = optional("When it began.")
    ended_at: datetime | None = optional("When it ended.")
    duration_ms: int | None = optional("Milliseconds it took; at least 0.")


@strawberry.input(description="A new message.")
class MessageInput:
    """What was said, and what the model call behind it used."""

    role: MessageRole = required("Who speaks.")
    content: str | None = optional("The text; 4,000,000 characters at most.")
    name: str | None = optional("The speaker's name, or the tool's for a TOOL message.")
    tool_call_id: str | None = optional(
        "For a TOOL message: the runtime's id of the call that it answers. The call, if there is "
        "one without an answer, becomes SUCCEEDED with the content as its result."
    )
    tool_calls: list[ToolCallInput] | None = optional(
        "The tool calls that an ASSISTANT message asks for, in order; 1,000 at most."
    )
    parts: JSON | None = optional("The provider's own item, to be kept verbatim.")
    response_type: str | None = optional("The runtime's kind of response.")
    status: MessageStatus | None = optional("Whether it is whole; COMPLETE if left out.")
    error: str | None = optional("What went wrong, for ERROR.")
    provider: str | None = optional("The model's provider (`gen_ai.provider.name`).")
    request_model: str | None = optional("The model asked for (`gen_ai.request.model`).")
    response_model: str | None = optional("The model that answered (`gen_ai.response.model`).")
    response_id: str | None = optional("The provider's id of the response.")
    finish_reasons: list[str] | None = optional("Why the model stopped.")
    input_tokens: int | None = optional("Tokens read, cached ones included; at least 0.")
    output_tokens: int | None = optional("Tokens written, reasoning included; at least 0.")
    cache_read_input_tokens: int | None = optional("The part of `inputTokens` from a cache.")
    cache_creation_input_tokens: int | None = optional("The part of `inputTokens` to a cache.")
    reasoning_output_tokens: int | None = optional("The part of `outputTokens` for reasoning.")
    cost_usd: Decimal | None = optional(
        "What the model call cost in US dollars; at least 0, 12 digits at most on either side."
    )
    time_to_first_chunk_ms: int | None = optional("Milliseconds until the first chunk.")
    duration_ms: int | None = optional("Milliseconds that the model call took.")
    trace_id: str | None = optional("The OpenTelemetry trace.")
    span_id: str | None = optional("The OpenTelemetry span.")
    metadata: JSON | None = optional("Anything else that is known; {} if left out.")
    created_at: datetime | None = optional("When it was said; now if left out.")


@strawberry.input(description="A new message of a session.")
class RecordMessageInput(RecordingInput, MessageInput):
    """A message and where it belongs."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")


@strawberry.type(description="The message that was recorded.")
class RecordMessagePayload(Payload):
    """The answer of recordMessage."""

    message: Message | None = one(MESSAGE, "message", "The message; null if deleted since.")
    tool_calls: list[ToolCall] = many(TOOL_CALL, "tool_calls", "Its tool calls, in order.")
    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")


@strawberry.input(description="The message to delete.")
class DeleteMessageInput(RecordingInput):
    """Which message goes."""

    message: strawberry.ID = required("The message's id.")


@strawberry.type(description="What was deleted.")
class DeleteMessagePayload(Payload):
    """The answer of deleteMessage."""

    deleted_message_id: strawberry.ID = value("deleted_message", "The id that the message had.")
    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")


@strawberry.input(description="The session whose messages to delete.")
class DeleteSessionMessagesInput(RecordingInput):
    """Whose messages go."""

    session: strawberry.ID = required("The session: its id or `sessionId`.")


@strawberry.type(description="What was deleted.")
class DeleteSessionMessagesPayload(Payload):
    """The answer of deleteSessionMessages."""

    deleted_message_count: int = value("deleted_message_count", "How many messages went.")
    session: Session | None = one(SESSION, "session", "The session; null if deleted since.")


@strawberry.type
class MessageMutation:
    """The mutations of messages."""

    record_message: RecordMessagePayload | None = mutation(
        record_message,
        RecordMessageInput,
        RecordMessagePayload,
        "Append a message to a session, with the tool calls that it asks for.",
    )
    delete_message: DeleteMessagePayload | None = mutation(
        delete_message,
        DeleteMessageInput,
        DeleteMessagePayload,
        "Delete a message for good, with the tool calls that it asked for and their "
        "confirmations. The session's counts go down with them; its number is not given again, "
        "and the feed keeps that it went.",
        Scope.ADMIN,
    )
    delete_session_messages: DeleteSessionMessagesPayload | None = mutation(
        delete_session_messages,
        DeleteSessionMessagesInput,
        DeleteSessionMessagesPayload,
        "Delete all messages of a session for good, with all its tool calls and their "
        "confirmations. The session stays, with its feed, states and memories.",
        Scope.ADMIN,
    )
