"""The last attempts of tool calls, by the runtime's own ids: read once, then known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from models import ToolCall
from resolvers import record_statements
from resolvers.database_transaction import DatabaseTransaction
from resolvers.identifiers import table_of
from resolvers.kept_rows import KeptRow, KeptRows, values_of

_CALLS = table_of(ToolCall)


@dataclass
class LastAttempts:
    """What a recording knows of the attempts of calls, in sessions that it has locked.

    `tool_call_ids` are the ids of a whole batch, which are read at once.
    """

    rows: KeptRows
    tool_call_ids: frozenset[str]
    _known: dict[UUID, dict[str, KeptRow | None]] = field(default_factory=dict)

    def know_session(self, session_id: UUID) -> None:
        """Note that a session is new, so none of the batch's calls is in it."""
        self._known[session_id] = dict.fromkeys(self.tool_call_ids)

    def know(self, call: KeptRow) -> None:
        """Note a new row, if it is an attempt of a call with an id."""
        own_id = call.values["tool_call_id"] if call.table is _CALLS else None
        if own_id is not None:
            self._known.setdefault(call.values["session_id"], {})[own_id] = call

    def forget(self) -> None:
        """Forget what may have changed."""
        self._known.clear()

    async def read(
        self,
        transaction: DatabaseTransaction,
        project_id: int,
        session_id: UUID,
        tool_call_ids: Sequence[str],
    ) -> dict[str, KeptRow]:
        """Give the last attempts of calls that are there; what is read is locked."""
        known = self._known.setdefault(session_id, {})
        if any(own_id not in known for own_id in tool_call_ids):
            wanted = sorted({*self.tool_call_ids, *tool_call_ids} - known.keys())
            values = {"project": project_id, "session_id": session_id, "tool_call_ids": wanted}
            await transaction.begin()
            known |= dict.fromkeys(wanted)
            for row in await transaction.fetch(record_statements.LAST_ATTEMPTS, values):
                read: dict[str, Any] = values_of(_CALLS, row)
                kept = self.rows.find(_CALLS, {"id": read["id"]})
                if kept is None or not kept.is_locked:
                    kept = self.rows.keep(KeptRow(_CALLS, read, is_locked=True))
                known[read["tool_call_id"]] = kept
        found = {own_id: known[own_id] for own_id in tool_call_ids}
        return {own_id: kept for own_id, kept in found.items() if kept is not None}
