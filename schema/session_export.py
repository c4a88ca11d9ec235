"""A tree of sessions in the store's own form, in the graph."""

from typing import Any

import orjson
import strawberry

from exchange.archive.session_tree import MAXIMUM_BYTES, MAXIMUM_ROWS, SessionTree
from resolvers.errors import Limited
from resolvers.identifiers import decode, decode_as
from resolvers.session import SESSION, SESSION_BY_SESSION_ID
from resolvers.validation import check_name
from schema.fields import IdOrName, Info
from schema.method import method
from schema.scalars import JSON


def _size(_: Any) -> int:
    return MAXIMUM_ROWS


@strawberry.type
class SessionExportQuery:
    """The root of the graph that gives what is stored as it is stored."""

    @method(
        "The whole tree that a session stands in, as the lines that `sessiongraph export` writes "
        "and `sessiongraph import` restores: a header, each row with all its columns, the end. "
        "The session is named by its id or the runtime's `sessionId`; null if there is none. "
        f"LIMITED for a tree of more than {MAXIMUM_ROWS:,} rows or {MAXIMUM_BYTES:,} bytes, which "
        "the command takes.",
        size=_size,
    )
    async def export_session(
        self,
        info: Info,
        id: IdOrName,  # noqa: A002  the argument's name
    ) -> list[JSON] | None:
        """Give the lines."""
        if decode(id) is None:
            check_name(id, "id")
            session = await info.context.load(SESSION_BY_SESSION_ID, id)
        else:
            session = await info.context.load(SESSION, decode_as(SESSION.table, id, "id"))
        if session is None:
            return None
        lines = await info.context.load(SessionTree(), session.root_id)
        if lines is None:
            raise Limited(
                f"The tree has more than {MAXIMUM_ROWS:,} rows or {MAXIMUM_BYTES:,} bytes; who "
                "runs the server can write it to a file by `sessiongraph export --session`.",
                field="id",
            )
        return [JSON(orjson.Fragment(line)) for line in lines]
