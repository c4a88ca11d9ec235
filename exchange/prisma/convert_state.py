"""States of modules and their transitions."""

from typing import Any

import orjson

from exchange.prisma.converted import (
    Converted,
    name_or_none,
    need,
    required_time,
    time_or_kept,
    without_metadata,
)
from exchange.prisma.source_values import SourceRow
from models import ModuleState, StateTransition
from resolvers.errors import Invalid


def convert_module_state(row: SourceRow) -> Converted:
    """Convert a row of `ModuleState`: a revision of the module's state."""
    told: dict[str, Any] = dict(row.unknown)
    if row.get("previousStateId") is not None:
        told["previousStateId"] = row.get("previousStateId")
    if row.document("state") is None:
        raise Invalid("Must not be null.", field="state")
    made_at = required_time(row)
    state = {
        "module_id": need(row, "moduleId"),
        "state": row.letters("state"),
        "version": name_or_none(row, "version"),
        "state_type": name_or_none(row, "stateType"),
        "expires_at": time_or_kept(row, "expiresAt", None),
    }
    transition: dict[str, Any] = {
        "created_at": made_at,
        "transition_data": {**told, "importedId": row.id},
    }
    if row.get("isSnapshot") or row.get("snapshotReason"):
        transition["transition_data"]["snapshotReason"] = row.get("snapshotReason") or "snapshot"
    return Converted(
        {ModuleState: state, StateTransition: transition},
        session=row.get("sessionId"),
        owner=row.get("previousStateId"),
        name=state["module_id"],
    )


def convert_state_transition(row: SourceRow) -> Converted:
    """Convert a row of `StateTransition`."""
    without_metadata(row)
    new_values = row.document("newValues")
    values = {
        "trigger_type": name_or_none(row, "triggerType"),
        "trigger_id": name_or_none(row, "triggerId"),
        "transition_data": row.letters("transitionData"),
        "previous_values": row.letters("previousValues"),
        "new_values": orjson.Fragment("{}") if new_values is None else row.letters("newValues"),
        "created_at": required_time(row),
    }
    return Converted({StateTransition: values}, owner=need(row, "stateId"))
