"""Messages in the graph."""

from datetime import datetime
from decimal import Decimal

import strawberry

from models import Message as Model
from models import MessageRole, MessageStatus
from resolvers.message import MESSAGE
from resolvers.session import SESSION
from resolvers.tool_call import TOOL_CALLS_BY_MESSAGE
from schema.connection import Connection
from schema.enums import describe
from schema.fields import column, find, one, page
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink, ToolCallLink
from schema.scalars import JSON

describe(
    MessageRole,
    "Who speaks.",
    SYSTEM="The instructions that stand above all.",
    DEVELOPER="The instructions of the application's developer.",
    USER="The person.",
    ASSISTANT="The model.",
    TOOL="A tool, answering a call.",
)
describe(
    MessageStatus,
    "Whether a message is whole.",
    COMPLETE="It is whole.",
    STREAMING="More of it is to come.",
    INTERRUPTED="It was broken off.",
    ERROR="It failed; see `error`.",
)


@node_type(Model, "One message of a session.")
class Message(Node):
    """A message with the usage of the model call that made it."""

    session: SessionLink = one(SESSION, Model.session_id, "The session it was said in.")
    sequence: int = column(
        Model.sequence,
        "Its place in the session: 1, 2, 3 … A number that is missing is a deleted message's.",
    )
    role: MessageRole = column(Model.role, "Who speaks.")
    name: str | None = column(Model.name, "The speaker's name, or the tool's for a TOOL message.")
    tool_call_id: str | None = column(
        Model.tool_call_id,
        "For a TOOL message the runtime's id of the call that it answers; else null.",
    )
    content: str | None = column(
        Model.content, "The text; null where the message has none, such as bare tool calls."
    )
    parts: JSON | None = column(
        Model.parts, "The provider's own item, to the letter; null if it was not given."
    )
    response_type: str | None = column(Model.response_type, "The runtime's kind of response.")
    status: MessageStatus = column(Model.status, "Whether the message is whole.")
    error: str | None = column(Model.error, "What went wrong, for ERROR; else null.")
    provider: str | None = column(Model.provider, "The model's provider (`gen_ai.provider.name`).")
    request_model: str | None = column(
        Model.request_model, "The model that was asked for (`gen_ai.request.model`)."
    )
    response_model: str | None = column(
        Model.response_model, "The model that answered (`gen_ai.response.model`)."
    )
    response_id: str | None = column(
        Model.response_id, "The provider's id of the response (`gen_ai.response.id`)."
    )
    finish_reasons: list[str] = column(
        Model.finish_reasons, "Why the model stopped (`gen_ai.response.finish_reasons`)."
    )
    input_tokens: int | None = column(
        Model.input_tokens, "Tokens read, cached ones included; null if not reported."
    )
    output_tokens: int | None = column(
        Model.output_tokens, "Tokens written, reasoning included; null if not reported."
    )
    cache_read_input_tokens: int | None = column(
        Model.cache_read_input_tokens, "The part of `inputTokens` read from a cache."
    )
    cache_creation_input_tokens: int | None = column(
        Model.cache_creation_input_tokens, "The part of `inputTokens` written to a cache."
    )
    reasoning_output_tokens: int | None = column(
        Model.reasoning_output_tokens, "The part of `outputTokens` spent on reasoning."
    )
    cost_usd: Decimal | None = column(
        Model.cost_usd, "What the model call cost, in US dollars; null if not reported."
    )
    time_to_first_chunk_ms: int | None = column(
        Model.time_to_first_chunk_ms, "Milliseconds until the first chunk came."
    )
    duration_ms: int | None = column(
        Model.duration_ms, "Milliseconds that the model call took in all."
    )
    trace_id: str | None = column(Model.trace_id, "The OpenTelemetry trace.")
    span_id: str | None = column(Model.span_id, "The OpenTelemetry span.")
    metadata: JSON = column(Model.meta, "Anything else that is known of the message.")
    created_at: datetime = column(Model.created_at, "When it was said.")
    updated_at: datetime = column(Model.updated_at, "When the record was last changed.")
    tool_calls: Connection[ToolCallLink] = page(
        TOOL_CALLS_BY_MESSAGE, Model.id, "The tool calls that it asks for, in order."
    )


MessageFilter = filter_type(Message, Model)
MessageOrder = order_type(Message, "sequence")


@strawberry.type
class MessageQuery:
    """The root of the graph that leads to a message."""

    message: Message | None = find(MESSAGE, None, "One message by its id; null if there is none.")
