"""Sessions: their loaders, and how they are recorded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from models import (
    Agent,
    AgentVersion,
    EventType,
    Session,
    SessionKind,
    SessionStatus,
    ToolCall,
)
from resolvers.confirmation import cancel_confirmations
from resolvers.errors import Conflict, Invalid
from resolvers.feed import Event, advance, append, status_changed
from resolvers.identifiers import table_of
from resolvers.loaders import (
    by_id,
    one_by_column,
    page_by_column,
    page_of_descendants,
    page_of_project,
)
from resolvers.lookup import (
    check_own_name,
    check_revision,
    check_same_input,
    find,
    find_named,
)
from resolvers.merge_patch import patch_metadata
from resolvers.recording import Answer, Recording, digest
from resolvers.validation import camel_case, check_order, check_values

SESSION = by_id(Session)
SESSION_BY_SESSION_ID = one_by_column(Session.session_id)
SESSIONS = page_of_project(Session)
CHILDREN = page_by_column(Session.parent_id, "created_at", "id")
DESCENDANTS = page_of_descendants(Session.parent_id, "depth", "id")
SESSIONS_BY_AGENT = page_by_column(Session.agent_id, "created_at", "id", descending=True)

ENDED = frozenset(
    {
        SessionStatus.COMPLETED,
        SessionStatus.FAILED,
        SessionStatus.CANCELLED,
        SessionStatus.EXPIRED,
    }
)


async def create_session(
    recording: Recording,
    *,
    session_id: str | None = None,
    parent: str | None = None,
    kind: SessionKind | None = None,
    agent: str | None = None,
    agent_version: str | None = None,
    spawned_by_tool_call: str | None = None,
    **values: Any,
) -> Answer:
    """Create a session, or give the one of that `session_id` if it came from the same input.

    A session with a parent is a SUBAGENT unless `kind` says otherwise; one without is a ROOT. An
    agent's active version is taken where none is named. Values are further columns of `Session`.
    Raises `Invalid`, `NotFound`, and `Conflict` if the session there differs.
    """
    if session_id is not None:
        check_own_name(session_id, "sessionId")
    values |= {"id": values.get("id") or uuid7(), "session_id": session_id}
    values |= await _place(recording, parent, kind, values["id"])
    values |= await _agent(recording, agent, agent_version)
    call = None
    if spawned_by_tool_call is not None:
        call = await find(recording, ToolCall, spawned_by_tool_call, "spawnedByToolCall")
        values["spawned_by_tool_call_id"] = call.id
    check_values(table_of(Session), values)
    values["input_hash"] = digest(
        {"parent": parent, "kind": kind, "agent": agent, "agent_version": agent_version}
        | {name: value for name, value in values.items() if name not in _WORKED_OUT}
    )
    if values.get("started_at") is not None:
        values.setdefault("last_activity_at", values["started_at"])
    created = await recording.insert_many(
        Session, [{**values, "event_sequence": 1}], key="session_id"
    )
    if not created:
        existing = await find_named(recording, Session.session_id, session_id or "", "sessionId")
        check_same_input(existing, values["input_hash"], "sessionId")
        return {"session": existing.id, "created": False}
    if call is not None:
        await recording.change(ToolCall, call.id, child_session_id=created[0].id)
    event = Event(
        EventType.SESSION_CREATED,
        (Session, created[0].id),
        occurred_at=values.get("started_at"),
    )
    await append(recording, created[0], [event])
    return {"session": created[0].id, "created": True}


_WORKED_OUT = frozenset({"id", "root_id", "depth", "parent_id", "agent_id", "agent_version_id"})
"""What does not tell one input from another: it follows from it, or from when it came."""


async def _place(
    recording: Recording, parent: str | None, kind: SessionKind | None, own_id: UUID
) -> dict[str, Any]:
    if parent is None:
        if kind not in {None, SessionKind.ROOT}:
            raise Invalid("A session without a parent is a ROOT; name its parent.", field="kind")
        return {"root_id": own_id, "kind": SessionKind.ROOT}
    if kind is SessionKind.ROOT:
        raise Invalid("A session with a parent is no ROOT.", field="kind")
    above = await find_named(recording, Session.session_id, parent, "parent")
    if above.id != above.root_id:
        # the foreign keys would lock the parent before the root, a deletion locks from the top down
        columns = table_of(Session).c
        await recording.execute(
            select(columns.id)
            .where(columns.project_id == recording.project_id, columns.id == above.root_id)
            .with_for_update(read=True, key_share=True)
        )
    return {
        "parent_id": above.id,
        "root_id": above.root_id,
        "depth": above.depth + 1,
        "kind": kind or SessionKind.SUBAGENT,
    }


async def _agent(
    recording: Recording, agent: str | None, agent_version: str | None
) -> dict[str, UUID]:
    version = None
    if agent_version is not None:
        version = await find(recording, AgentVersion, agent_version, "agentVersion")
        if agent is None:
            return {"agent_id": version.agent_id, "agent_version_id": version.id}
    if agent is None:
        return {}
    owner = await find_named(recording, Agent.agent_id, agent, "agent")
    if version is None:
        columns = table_of(AgentVersion).c
        found = await recording.execute(
            select(columns.id).where(
                columns.project_id == recording.project_id,
                columns.agent_id == owner.id,
                columns.is_active,
            )
        )
        active = found.scalar()
        return {"agent_id": owner.id} | ({"agent_version_id": active} if active else {})
    if version.agent_id != owner.id:
        raise Invalid("This version is another agent's.", field="agentVersion")
    return {"agent_id": owner.id, "agent_version_id": version.id}


async def update_session(
    recording: Recording,
    *,
    session: str,
    expected_revision: int | None = None,
    **changes: Any,
) -> Answer:
    """Change a session. Changes are columns of `Session`; None sets null.

    `metadata_patch` is a JSON merge patch of the metadata. Raises `Conflict` if the
    session is no longer at the expected revision.
    """
    current = await find_named(recording, Session.session_id, session, "session", lock=True)
    check_revision(current, expected_revision)
    if not changes:
        return {"session": current.id}
    changes = patch_metadata(current, changes)
    check_values(table_of(Session), changes, is_change=True)
    revised = {**changes, "revision": current.revision + 1, "updated_at": recording.now}
    changed = await advance(recording, current.id, events=1, changes=revised)
    event = Event(
        EventType.SESSION_UPDATED,
        (Session, changed.id),
        event_data={"changed": sorted(camel_case(name) for name in changes)},
    )
    await append(recording, changed, [event])
    return {"session": changed.id}


async def end_session(
    recording: Recording,
    *,
    session: str,
    status: SessionStatus = SessionStatus.COMPLETED,
    ended_at: datetime | None = None,
    expected_revision: int | None = None,
    **values: Any,
) -> Answer:
    """End a session and give up what it still waits for.

    Its pending confirmations and the tool calls that await them become CANCELLED. Values are
    columns of `Session`. Ending it again with the same status changes nothing; with another it
    raises `Conflict`, as it does if the session is no longer at the expected revision.
    """
    if status not in ENDED:
        raise Invalid("Give COMPLETED, FAILED, CANCELLED or EXPIRED.", field="status")
    current = await find_named(recording, Session.session_id, session, "session", lock=True)
    if current.status == status:
        return {"session": current.id}
    if current.status in ENDED:
        raise Conflict(
            "The session has ended already.", field="status", currentStatus=current.status
        )
    check_revision(current, expected_revision)
    check_order(current.started_at, ended_at, "endedAt")
    check_values(table_of(Session), values, is_change=True)
    cancelled = await cancel_confirmations(recording, current.id, "The session ended.", at=ended_at)
    changes = {
        **values,
        "status": status,
        "ended_at": ended_at or recording.not_before(current.started_at),
        "revision": current.revision + 1,
        "updated_at": recording.now,
    }
    ended = await advance(
        recording, current.id, events=len(cancelled) + 1, at=ended_at, changes=changes
    )
    events = [*cancelled, status_changed(ended.id, current.status, status, ended_at)]
    await append(recording, ended, events)
    return {"session": ended.id}


async def expire_session(recording: Recording, *, session: str) -> Answer:
    """Let a session that is due expire; one that has ended or was given more time stays as it is.

    It ends when its time was up, or when it began if that is later.
    """
    current = await find_named(recording, Session.session_id, session, "session", lock=True)
    now = (await recording.execute(select(func.now()))).scalar_one()
    due_at = current.expires_at
    if current.status in ENDED or due_at is None or due_at > now:
        return {"session": current.id}
    return await end_session(
        recording,
        session=session,
        status=SessionStatus.EXPIRED,
        ended_at=max(due_at, current.started_at),
    )
