"""Records a unit by the functions that record what clients send."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from exchange.prisma.converted import thaw
from exchange.prisma.units import Part, Unit
from models import (
    AgentVersion,
    MemoryRelation,
    MemoryRelationType,
    ModuleState,
    Session,
    SessionStatus,
)
from models.base import Base
from resolvers.agent import create_agent
from resolvers.agent_metric import record_agent_metric
from resolvers.agent_version import create_agent_version
from resolvers.confirmation import request_confirmation
from resolvers.errors import Conflict
from resolvers.identifiers import encode
from resolvers.lookup import find
from resolvers.memory import create_memory
from resolvers.memory_access import record_memory_access
from resolvers.memory_annotation import create_memory_annotation
from resolvers.merge_patch import merge
from resolvers.message import record_message
from resolvers.module_state import record_state_transition, upsert_module_state
from resolvers.recording import Recording
from resolvers.session import create_session, end_session
from resolvers.session_event import create_session_event
from resolvers.session_metric import record_session_metric


async def record_unit(recording: Recording, unit: Unit, session: UUID | None) -> None:
    """Record a unit; `session` is the id of the session that it is in. Raises `DomainError`s."""
    reference = None if session is None else encode("session", session)
    await _RECORDERS[unit.kind](recording, unit, reference)


def _values(part: Part, table: str) -> dict[str, Any]:
    return {**thaw(Base.metadata.tables[table], part.values[table]), "id": part.own_id}


async def _agent(recording: Recording, unit: Unit, _session: str | None) -> None:
    answer = await create_agent(recording, **_values(unit.part, "agents"))
    if answer["agent"] != unit.part.own_id:
        raise Conflict("There is one of this name, made from another input.", field="agentId")


async def _agent_version(recording: Recording, unit: Unit, _session: str | None) -> None:
    values = _values(unit.part, "agent_versions")
    is_active = values.pop("is_active", False)
    activated_at = values.pop("activated_at", None)
    await create_agent_version(recording, agent=unit.agent or "", activate=False, **values)
    if activated_at is None:
        return
    later = {"activated_at": activated_at, "is_active": is_active}
    if is_active:
        active = await recording.row(AgentVersion, agent_id=unit.extra["agent_id"], is_active=True)
        if active is not None:  # one that was made here since
            later |= {"is_active": False, "deactivated_at": active.activated_at}
    # at once, since the predecessor's own migration made versions active before they were made
    await recording.change(AgentVersion, unit.part.own_id, **later)


async def _agent_metric(recording: Recording, unit: Unit, _session: str | None) -> None:
    await record_agent_metric(recording, agent=unit.agent, **_values(unit.part, "agent_metrics"))


async def _create_session(recording: Recording, unit: Unit, _session: str | None) -> None:
    values = _values(unit.part, "sessions")
    for name in ("status", "ended_at"):
        values.pop(name, None)
    parent = unit.extra.get("parent")
    answer = await create_session(
        recording,
        parent=None if parent is None else encode("session", parent),
        agent_id=unit.extra.get("agent_id"),
        **values,
    )
    if answer["session"] != unit.part.own_id:
        raise Conflict("There is one of this name, made from another input.", field="sessionId")


async def _end_session(recording: Recording, unit: Unit, session: str | None) -> None:
    values = _values(unit.part, "sessions")
    status = SessionStatus(values["status"])
    await end_session(recording, session=session or "", status=status, ended_at=values["ended_at"])
    if values.get("updated_at") is not None:
        await recording.change(Session, unit.part.own_id, updated_at=values["updated_at"])


async def _message(recording: Recording, unit: Unit, session: str | None) -> None:
    calls = [_values(part, "tool_calls") for part in unit.others]
    await record_message(
        recording, session=session or "", tool_calls=calls, **_values(unit.part, "messages")
    )


async def _confirmation(recording: Recording, unit: Unit, session: str | None) -> None:
    call = unit.extra.get("tool_call")
    await request_confirmation(
        recording,
        session=session or "",
        tool_call=None if call is None else encode("tool_call", call),
        **_values(unit.part, "confirmations"),
    )
    updated_at = unit.extra.get("updated_at")
    if updated_at is not None:  # that the session waits now is nothing new of it
        await recording.change(Session, unit.extra["session_id"], updated_at=updated_at)


async def _session_metric(recording: Recording, unit: Unit, session: str | None) -> None:
    values = _values(unit.part, "session_metrics")
    await record_session_metric(recording, session=session or "", **values)


async def _session_event(recording: Recording, unit: Unit, session: str | None) -> None:
    values = _values(unit.part, "session_events")
    await create_session_event(recording, session=session or "", **values)


async def _module_state(recording: Recording, unit: Unit, session: str | None) -> None:
    """Record a revision. A document that is the same as before it is logged as an empty change."""
    state = _values(unit.part, "module_states")
    transition = _values(unit.part, "state_transitions")
    del state["id"]
    document = orjson.loads(unit.part.values["module_states"]["state"])
    told = orjson.loads(unit.part.values["state_transitions"]["transition_data"])
    made_at: datetime | None = transition.pop("created_at", None)
    first: UUID = unit.extra["first"]
    current = await recording.row(ModuleState, id=first)
    values = {name: value for name, value in state.items() if name not in {"state", "module_id"}}
    if current is not None and orjson.loads(current.state) == document:
        await record_state_transition(
            recording,
            module_state=encode("module_state", first),
            new_values={},
            created_at=made_at,
            **transition,
        )
        await recording.change(ModuleState, first, **_all_of(values))
        if "snapshotReason" not in told:
            return
    await upsert_module_state(
        recording,
        session=session or "",
        module_id=state["module_id"],
        state=document,
        snapshot_reason=told.get("snapshotReason"),
        transition=transition,
        created_at=made_at,
        **({**values, "id": first} if current is None else _all_of(values)),
    )


def _all_of(values: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(("version", "state_type", "expires_at")) | values


async def _state_transition(recording: Recording, unit: Unit, _session: str | None) -> None:
    values = _values(unit.part, "state_transitions")
    first: UUID = unit.extra["first"]
    current = await find(recording, ModuleState, encode("module_state", first), "stateId")
    new_values = orjson.loads(unit.part.values["state_transitions"]["new_values"])
    document = orjson.loads(current.state)
    is_patch = isinstance(new_values, dict)
    # the last document of the source is what its row of ModuleState says, whatever its log says
    if not is_patch or (unit.extra["is_last"] and merge(document, new_values) != document):
        kept = {"newValues": orjson.Fragment(unit.part.values["state_transitions"]["new_values"])}
        if "transition_data" in values:
            kept["transitionData"] = values["transition_data"]
        values["transition_data"] = kept
        new_values = {}
    values["new_values"] = new_values
    await record_state_transition(recording, module_state=encode("module_state", first), **values)


async def _memory(recording: Recording, unit: Unit, session: str | None) -> None:
    agent = unit.extra.get("agent_id")
    reference = None if agent is None else encode("agent", agent)
    values = _values(unit.part, "memories")
    await create_memory(recording, session=session, agent=reference, **values)


async def _relation(recording: Recording, unit: Unit, _session: str | None) -> None:
    await recording.insert(
        MemoryRelation,
        id=unit.part.own_id,
        memory_id=unit.extra["owner"],
        related_memory_id=unit.extra["related"],
        relation_type=MemoryRelationType.RELATED,
    )


async def _memory_access(recording: Recording, unit: Unit, _session: str | None) -> None:
    memory = encode("memory", unit.extra["owner"])
    values = _values(unit.part, "memory_accesses")
    await record_memory_access(recording, memory=memory, **values)


async def _memory_annotation(recording: Recording, unit: Unit, _session: str | None) -> None:
    memory = encode("memory", unit.extra["owner"])
    values = _values(unit.part, "memory_annotations")
    await create_memory_annotation(recording, memory=memory, **values)


_RECORDERS: dict[str, Callable[[Recording, Unit, str | None], Awaitable[None]]] = {
    "AI_Agent": _agent,
    "AgentVersion": _agent_version,
    "AgentMetric": _agent_metric,
    "session": _create_session,
    "end": _end_session,
    "Message": _message,
    "PendingConfirmation": _confirmation,
    "SessionMetric": _session_metric,
    "SessionEvent": _session_event,
    "ModuleState": _module_state,
    "StateTransition": _state_transition,
    "InteractionMemory": _memory,
    "relation": _relation,
    "MemoryAccess": _memory_access,
    "MemoryAnnotation": _memory_annotation,
}
