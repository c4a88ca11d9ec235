"""Module states: their loaders, and how they are recorded."""

from datetime import datetime
from typing import Any
from uuid import UUID

from orjson import Fragment, loads
from sqlalchemy import Row

from models import EventType, ModuleState, Session, StateSnapshot, StateTransition
from resolvers.errors import Invalid, NotFound
from resolvers.feed import Event, advance, append
from resolvers.identifiers import table_of
from resolvers.loaders import by_id, page_by_column, page_of_project
from resolvers.lookup import check_revision, find, find_named, lock_session
from resolvers.merge_patch import check_patch, merge, replaced
from resolvers.recording import Answer, Recording, digest
from resolvers.validation import check_name, check_text, check_values

MODULE_STATE = by_id(ModuleState)
MODULE_STATES = page_of_project(ModuleState)
MODULE_STATES_BY_SESSION = page_by_column(ModuleState.session_id, "created_at", "id")


async def upsert_module_state(
    recording: Recording,
    *,
    session: str,
    module_id: str,
    state: Any,
    expected_revision: int | None = None,
    snapshot_reason: str | None = None,
    transition: dict[str, Any] | None = None,
    created_at: datetime | None = None,
    **values: Any,
) -> Answer:
    """Replace a module's state, or make it, and log exactly one transition.

    A document of the same hash changes nothing but `expires_at`, if that is given.
    `expected_revision` 0 means that there is none yet. `transition` are columns of
    `StateTransition`, values are columns of `ModuleState`. With `snapshot_reason` a copy of the new
    document is kept. Raises `Conflict` for another revision.
    """
    check_values(table_of(ModuleState), {"module_id": module_id, "state": state, **values})
    check_values(table_of(StateTransition), transition or {}, "transition.")
    if snapshot_reason is not None:
        check_text(snapshot_reason, "snapshotReason")
    locked = await find_named(recording, Session.session_id, session, "session", lock=True)
    current = await _of_module(recording, locked.id, module_id)
    check_revision(current, expected_revision)
    state_hash = digest(state)
    if current is not None and current.state_hash == state_hash:
        if "expires_at" in values:
            current = await recording.change(
                ModuleState, current.id, expires_at=values["expires_at"]
            )
        if snapshot_reason is not None:
            await _snapshot(recording, current, snapshot_reason)
        return {"module_state": current.id, "state_transition": None, "changed": False}
    if current is None:
        changed = await recording.insert(
            ModuleState,
            session_id=locked.id,
            module_id=module_id,
            state=state,
            state_hash=state_hash,
            created_at=created_at,
            updated_at=created_at,
            **values,
        )
    else:
        changed = await recording.change(
            ModuleState,
            current.id,
            state=state,
            state_hash=state_hash,
            revision=current.revision + 1,
            updated_at=created_at or recording.now,
            **values,
        )
    logged = await _log(
        recording,
        changed,
        is_patch=False,
        new_values=state,
        previous_values=None if current is None else Fragment(current.state),
        created_at=created_at,
        **(transition or {}),
    )
    if snapshot_reason is not None:
        await _snapshot(recording, changed, snapshot_reason)
    return {"module_state": changed.id, "state_transition": logged, "changed": True}


async def record_state_transition(
    recording: Recording,
    *,
    module_state: str | None = None,
    session: str | None = None,
    module_id: str | None = None,
    new_values: Any,
    previous_values: Any = None,
    expected_revision: int | None = None,
    created_at: datetime | None = None,
    **transition: Any,
) -> Answer:
    """Apply a JSON merge patch (RFC 7396) to a module's state, and log it.

    The state is named by its id, or by session and module. `previous_values` are worked out where
    they are left out. Raises `Conflict`, with the current revision, for another revision.
    """
    check_patch(new_values, "newValues")
    current = await _locked(recording, module_state, session, module_id)
    check_revision(current, expected_revision)
    document = loads(current.state)
    merged = merge(document, new_values)
    changed = await recording.change(
        ModuleState,
        current.id,
        state=merged,
        state_hash=digest(merged),
        revision=current.revision + 1,
        updated_at=created_at or recording.now,
    )
    logged = await _log(
        recording,
        changed,
        is_patch=True,
        new_values=new_values,
        previous_values=(
            replaced(document, new_values) if previous_values is None else previous_values
        ),
        created_at=created_at,
        **transition,
    )
    return {"module_state": changed.id, "state_transition": logged}


async def _of_module(recording: Recording, session_id: UUID, module_id: str) -> Row[Any] | None:
    return await recording.row(ModuleState, lock=True, session_id=session_id, module_id=module_id)


async def _locked(
    recording: Recording, module_state: str | None, session: str | None, module_id: str | None
) -> Row[Any]:
    if module_state is not None:
        found = await find(recording, ModuleState, module_state, "moduleState")
        await lock_session(recording, found.session_id, session)
        if module_id not in {None, found.module_id}:
            raise Invalid("This is another module; it may be left out.", field="moduleId")
        return await find(recording, ModuleState, module_state, "moduleState", lock=True)
    if session is None or module_id is None:
        raise Invalid("Give `moduleState`, or `session` and `moduleId`.", field="moduleState")
    check_name(module_id, "moduleId")
    within = await find_named(recording, Session.session_id, session, "session", lock=True)
    current = await _of_module(recording, within.id, module_id)
    if current is None:
        raise NotFound(
            "The module has no state in this session; begin with upsertModuleState.",
            field="moduleId",
        )
    return current


async def _log(recording: Recording, state: Row[Any], **values: Any) -> UUID:
    logged = await recording.insert(
        StateTransition, module_state_id=state.id, revision=state.revision, **values
    )
    event = Event(
        EventType.STATE_TRANSITION_RECORDED,
        (StateTransition, logged.id),
        event_data={"moduleId": state.module_id, "revision": state.revision},
        actor_id=logged.actor_id,
        occurred_at=values.get("created_at"),
    )
    at = values.get("created_at")
    locked = await advance(recording, state.session_id, events=1, at=at)
    await append(recording, locked, [event])
    transition_id: UUID = logged.id
    return transition_id


async def _snapshot(recording: Recording, state: Row[Any], reason: str) -> None:
    await recording.insert(
        StateSnapshot,
        module_state_id=state.id,
        revision=state.revision,
        state=Fragment(state.state),
        reason=reason,
        expires_at=state.expires_at,
    )
