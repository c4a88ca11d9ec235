"""Confirmations in the graph."""

from datetime import datetime

import strawberry

from models import Confirmation as Model
from models import ConfirmationStatus
from resolvers.confirmation import CONFIRMATION, CONFIRMATIONS
from resolvers.session import SESSION
from resolvers.tool_call import TOOL_CALL
from schema.connection import Connection
from schema.enums import describe
from schema.fields import column, find, one, page
from schema.filters import filter_type
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink, ToolCallLink
from schema.scalars import JSON

describe(
    ConfirmationStatus,
    "Where a confirmation stands.",
    PENDING="Nobody has decided yet.",
    APPROVED="The tool call may run.",
    DENIED="The tool call must not run.",
    EXPIRED="Nobody decided in time.",
    CANCELLED="The question no longer matters.",
)


@node_type(Model, "A question to a person before a tool call runs.")
class Confirmation(Node):
    """A confirmation and its decision."""

    session: SessionLink = one(SESSION, Model.session_id, "The session that waits.")
    tool_call: ToolCallLink | None = one(
        TOOL_CALL, Model.tool_call_id, "The tool call in question; null if none was recorded."
    )
    tool_name: str = column(Model.tool_name, "The tool in question.")
    arguments: JSON | None = column(Model.arguments, "What the tool is to be called with.")
    edited_arguments: JSON | None = column(
        Model.edited_arguments, "What the person wants it called with instead; null if unchanged."
    )
    user_message: str | None = column(Model.user_message, "What the person is asked.")
    status: ConfirmationStatus = column(Model.status, "Where the question stands.")
    decided_by: str | None = column(Model.decided_by, "Who decided; null until then.")
    decider_type: str | None = column(Model.decider_type, "What kind of decider that is.")
    decided_at: datetime | None = column(Model.decided_at, "When it ended; null while PENDING.")
    reason: str | None = column(Model.reason, "Why it was decided so; null if not told.")
    expires_at: datetime | None = column(
        Model.expires_at, "Until when a decision is taken; null for ever."
    )
    created_at: datetime = column(Model.created_at, "When it was asked.")
    updated_at: datetime = column(Model.updated_at, "When the record was last changed.")


ConfirmationFilter = filter_type(Confirmation, Model)
ConfirmationOrder = order_type(Confirmation, "created_at")


@strawberry.type
class ConfirmationQuery:
    """The roots of the graph that lead to confirmations."""

    confirmation: Confirmation | None = find(
        CONFIRMATION, None, "One confirmation by its id; null if there is none."
    )
    confirmations: Connection[Confirmation] = page(
        CONFIRMATIONS, None, "All confirmations of the project, newest first."
    )
