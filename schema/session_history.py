"""A session's history in the graph: its last messages, with no call torn from its result."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from sqlalchemy import Row

from models import Message
from resolvers.identifiers import table_of
from resolvers.page import MAXIMUM_PAGE_SIZE
from resolvers.session_history import MAXIMUM_REACH, SessionHistory
from schema.fields import NODE_TYPES

Last = Annotated[
    int,
    strawberry.argument(description="The last n messages, 1 to 200; more where results need it."),
]


def session_history(last: Last) -> SessionHistory:
    """Make the loader of sessions' last messages."""
    return SessionHistory(last)


def show_messages(rows: Sequence[Row[Any]]) -> list[Any]:
    """Show the messages."""
    return [NODE_TYPES[table_of(Message)](row=row) for row in rows]


def history_length(arguments: Mapping[str, Any]) -> int:
    """Tell how many messages a history can have."""
    last = arguments.get("last")
    asked = last if isinstance(last, int) else MAXIMUM_PAGE_SIZE
    return min(max(asked, 1), MAXIMUM_PAGE_SIZE) + MAXIMUM_REACH
