"""Writes the units of a copy to the store, what is not there yet, in batches."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from asyncpg import DataError, IntegrityConstraintViolationError
from sqlalchemy import Text, select

from exchange.prisma.copy import Copy
from exchange.prisma.record_units import record_unit
from exchange.prisma.units import Unit, batches, session_id_of, units
from models import Agent
from models.base import Base
from resolvers.batch import start_batch
from resolvers.context import Context
from resolvers.errors import DomainError
from resolvers.identifiers import table_of
from resolvers.parameter import any_of
from resolvers.recording import Answer, Recording
from resolvers.session import ENDED
from resolvers.transaction import domain_error, record

TABLE_OF_KIND = {
    "AI_Agent": "agents",
    "AgentVersion": "agent_versions",
    "AgentMetric": "agent_metrics",
    "session": "sessions",
    "AgentSession": "sessions",
    "Session": "sessions",
    "module": "sessions",
    "Message": "messages",
    "ToolCall": "tool_calls",
    "PendingConfirmation": "confirmations",
    "SessionMetric": "session_metrics",
    "SessionEvent": "session_events",
    "ModuleState": "state_transitions",
    "StateTransition": "state_transitions",
    "InteractionMemory": "memories",
    "relation": "memory_relations",
    "MemoryAccess": "memory_accesses",
    "MemoryAnnotation": "memory_annotations",
}
"""The table that has a row of ours for each of a model."""

_AGENTS_AT_ONCE = 10_000


@dataclass
class Written:
    """What was written, by model of the source."""

    written: Counter[str] = field(default_factory=Counter)
    already: Counter[str] = field(default_factory=Counter)
    """What was there already."""
    agents: dict[str, UUID] = field(default_factory=dict)
    """The ids of the agents by their own names: those that were made here, too."""


@dataclass
class Writer:
    """Writes a copy; what is refused is told in the copy itself."""

    context: Context
    copy: Copy
    result: Written = field(default_factory=Written)
    _knows_agents: bool = False
    _refused_sessions: set[int] = field(default_factory=set)
    _session: tuple[int, UUID] | None = None

    async def write(self, done: Any) -> Written:
        """Write all units; `done` is called with the number of rows that are through."""
        for batch in batches(units(self.copy)):
            waiting = await self._not_there(batch)
            if not self._knows_agents and any(unit.kind != "AI_Agent" for unit in batch):
                agents = [unit for unit in waiting if unit.kind == "AI_Agent"]
                await self._write(agents)
                waiting = waiting[len(agents) :]
                self.result.agents = await self._find_agents()
                self._knows_agents = True
            await self._write(waiting)
            done(sum(len(unit.parts) for unit in batch if unit.kind not in {"end", "relation"}))
        return self.result

    async def _not_there(self, batch: Sequence[Unit]) -> list[Unit]:
        """Give the units that are to be written."""
        wanted: dict[str, set[UUID]] = defaultdict(set)
        for unit in batch:
            for part in unit.parts:
                kind = "session" if unit.kind == "end" else part.model
                wanted[TABLE_OF_KIND[kind]].add(part.own_id)
        there: dict[UUID, Any] = {}
        async with self.context.engine.connect() as connection:
            for name, ids in wanted.items():
                table = Base.metadata.tables[name]
                status = [table.c.status] if name == "sessions" else []
                found = await connection.execute(
                    select(table.c.id, *status).where(
                        table.c.project_id == self.context.project_id,
                        table.c.id == any_of(ids),
                    )
                )
                there |= {row[0]: row[-1] for row in found}
        return [unit for unit in batch if not self._is_there(unit, there)]

    def _is_there(self, unit: Unit, there: dict[UUID, Any]) -> bool:
        if unit.kind == "end":
            return there.get(unit.part.own_id) in ENDED
        if unit.part.own_id not in there:
            return False
        late = {(part.model, part.row_id) for part in unit.others if part.own_id not in there}
        for model, row_id in unit.rows:
            if (model, row_id) in late:
                reason = "Its message was carried over before, and takes no further call."
                self.copy.refuse(model, "id = ?", reason, [row_id])
            else:
                self.result.already[model] += 1
        return True

    async def _find_agents(self) -> dict[str, UUID]:
        """Find the agents that the source names."""
        names = [
            name for (name,) in self.copy.select("SELECT id FROM rows WHERE model = 'AI_Agent'")
        ]
        table = table_of(Agent).c
        found: dict[str, UUID] = {}
        async with self.context.engine.connect() as connection:
            for first in range(0, len(names), _AGENTS_AT_ONCE):
                some = names[first : first + _AGENTS_AT_ONCE]
                rows = await connection.execute(
                    select(table.agent_id, table.id).where(
                        table.project_id == self.context.project_id,
                        table.agent_id == any_of(some, Text),
                    )
                )
                found |= {row.agent_id: row.id for row in rows}
        return found

    async def _write(self, waiting: Sequence[Unit]) -> None:
        if not waiting:
            return
        for unit in waiting:
            if unit.agent is not None:
                unit.extra["agent_id"] = self.result.agents.get(unit.agent)
        answer = await record(self.context, "import", self._record_all, {"waiting": waiting})
        refused: dict[int, str] = dict(answer["refused"])
        for place, unit in enumerate(waiting):
            if unit.kind in {"end", "relation"}:
                if place in refused:
                    note = f"{unit.kind}: {refused[place]}"
                    self.copy.note(unit.part.model, unit.part.row_id, note)
                continue
            for model, row_id in unit.rows:
                if place in refused:
                    self.copy.refuse(model, "id = ?", refused[place], [row_id])
                else:
                    self.result.written[model] += 1

    async def _record_all(self, recording: Recording, waiting: Sequence[Unit]) -> Answer:
        refused: list[tuple[int, str]] = []
        # a transaction that is run again begins anew
        sessions = set(self._refused_sessions)
        await self._record(recording, list(enumerate(waiting)), refused, sessions)
        self._refused_sessions = sessions
        return {"refused": refused}

    async def _record(
        self,
        recording: Recording,
        waiting: Sequence[tuple[int, Unit]],
        refused: list[tuple[int, str]],
        refused_sessions: set[int],
    ) -> None:
        """Record units together, or, where one is refused, in halves, down to that one."""
        possible = []
        for place, unit in waiting:
            reason = _refused_above(unit, refused_sessions)
            if reason is None:
                possible.append((place, unit))
            elif unit.kind != "end":
                refused.append((place, reason))
        if not possible:
            return
        try:
            async with recording.transaction.savepoint():
                calls = (part.row_id for _, unit in possible for part in unit.others)
                batch = await start_batch(recording, frozenset(calls))
                for _, unit in possible:
                    await record_unit(batch, unit, self._session_id(unit))
                await batch.flush()
        except (DomainError, IntegrityConstraintViolationError, DataError) as error:
            if len(possible) > 1:
                middle = len(possible) // 2
                for half in (possible[:middle], possible[middle:]):
                    await self._record(recording, half, refused, refused_sessions)
                return
            ((place, unit),) = possible
            refused.append((place, _describe(error)))
            if unit.kind == "session":
                refused_sessions.add(unit.session or 0)

    def _session_id(self, unit: Unit) -> UUID | None:
        if unit.session is None or unit.kind == "session":
            return None
        if self._session is None or self._session[0] != unit.session:
            self._session = unit.session, session_id_of(self.copy, unit.session)
        return self._session[1]


def _refused_above(unit: Unit, refused_sessions: set[int]) -> str | None:
    """Say why a unit cannot be recorded, where a session above it was refused."""
    if unit.kind != "session":
        is_refused = unit.session in refused_sessions
        return "Its session is not there, or was refused." if is_refused else None
    if unit.extra.get("parent_key") not in refused_sessions:
        return None
    refused_sessions.add(unit.session or 0)
    return "Its parent was refused."


def _describe(error: Exception) -> str:
    if isinstance(error, IntegrityConstraintViolationError):
        error = domain_error(error)
    if isinstance(error, DomainError):
        return f"{error.field}: {error.message}" if error.field else error.message
    return "The database cannot store a value of it."
