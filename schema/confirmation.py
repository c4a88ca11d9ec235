"""Confirmations in the graph."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models import Confirmation as Model
from models import ConfirmationStatus
from resolvers.confirmation import CONFIRMATION, CONFIRMATIONS
from resolvers.context import Context
from resolvers.following.confirmation import MAXIMUM_SECONDS, check_seconds, wait_for_decision
from resolvers.identifiers import decode_as
from resolvers.session import SESSION
from resolvers.tool_call import TOOL_CALL
from schema.connection import Connection
from schema.declarations import FindField
from schema.enums import describe
from schema.fields import Id, Info, column, find, load_node, one, page
from schema.filters import filter_type
from schema.method import method
from schema.node import Node, node_type
from schema.orders import order_type
from schema.references import SessionLink, ToolCallLink
from schema.scalars import JSON
from schema.waiting import waits

describe(
    ConfirmationStatus,
    "Where a confirmation stands.",
    PENDING="Nobody has decided yet.",
    APPROVED="The tool call may run.",
    DENIED="The tool call must not run.",
    EXPIRED="Nobody decided in time; its tool call was given up.",
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
        Model.expires_at,
        "Until when a decision is taken; then it becomes EXPIRED, within about a second. Null for "
        "ever.",
    )
    created_at: datetime = column(Model.created_at, "When it was asked.")
    updated_at: datetime = column(Model.updated_at, "When the record was last changed.")


ConfirmationFilter = filter_type(Confirmation, Model)
ConfirmationOrder = order_type(Confirmation, "created_at")


TimeoutSeconds = Annotated[
    int,
    strawberry.argument(
        description=f"How long to wait at most, 0 to {MAXIMUM_SECONDS}. While the answer is "
        "PENDING, ask again."
    ),
]


def _check(arguments: Mapping[str, Any]) -> None:
    check_seconds(arguments["timeoutSeconds"])


async def _wait(context: Context, arguments: Mapping[str, Any]) -> None:
    await wait_for_decision(context, arguments["id"], arguments["timeoutSeconds"])


@strawberry.type
class ConfirmationQuery:
    """The roots of the graph that lead to confirmations."""

    @method(
        "One confirmation by its id, when it is no longer PENDING: decided, withdrawn "
        "or expired. It is PENDING if the time was up before, or the server was told to stop; null "
        "at once if there is none. The whole operation waits, then reads all that it asks for.",
        declaration=FindField(CONFIRMATION, None, _check),
        **waits(_wait),
    )
    async def await_confirmation(
        self,
        info: Info,
        id: Id,  # noqa: A002  the argument's name
        timeout_seconds: TimeoutSeconds = 30,
    ) -> Confirmation | None:
        """Give the confirmation; what it waits for was waited for by then."""
        check_seconds(timeout_seconds)
        key = decode_as(CONFIRMATION.table, id, "id")
        found: Confirmation | None = await load_node(info.context, "confirmation", key)
        return found

    confirmation: Confirmation | None = find(
        CONFIRMATION, None, "One confirmation by its id; null if there is none."
    )
    confirmations: Connection[Confirmation] = page(
        CONFIRMATIONS, None, "All confirmations of the project, newest first."
    )
