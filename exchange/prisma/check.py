"""Reads back what was carried over, and compares it with the source, row by row and as a whole.

Each row's carried values and links are written in one canonical form, as they were read from the
source and as the store answers now. A side's digest is the sum of the SHA-256 of its rows, whatever
their order.
"""

import re
import struct
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, select
from sqlalchemy.dialects.postgresql import JSON, REAL

from exchange.prisma.converted import EPOCH
from exchange.prisma.copy import Copy
from exchange.prisma.units import Part, Unit, batches, session_id_of, units
from exchange.prisma.write import TABLE_OF_KIND
from models.base import Base
from resolvers.context import Context
from resolvers.merge_patch import merge
from resolvers.parameter import any_of

_DIGEST_NUMBERS = 2**256
_FRACTION = re.compile(r"\d(\.|[eE])")
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Checked:
    """What the comparison found: the sums of both sides, and the rows that are alike, by model."""

    source: int = 0
    store: int = 0
    alike: Counter[str] = field(default_factory=Counter)


async def check(
    context: Context, copy: Copy, agents: Mapping[str, UUID], done: Callable[[int], None]
) -> Checked:
    """Compare all rows that were not refused; what differs is told in the copy.

    `agents` are the ids of agents by their own names; `done` hears of rows that are through.
    """
    checked = Checked()
    documents: dict[UUID, Any] = {}
    """The states as their logs replay, of one session."""
    session = None
    for batch in batches(unit for unit in units(copy) if unit.kind not in {"end", "relation"}):
        found = await _read_back(context, batch)
        for unit in batch:
            if unit.session != session:
                session = unit.session
                documents.clear()
            session_id = None if session is None else session_id_of(copy, session)
            for part in unit.parts:
                told = _told(unit, part) | _links(unit, part, session_id, agents)
                answered = _answered(unit, part, told, found, documents)
                reason = _compare(checked, part, told, answered)
                if reason is not None:
                    copy.tell_difference(part.model, part.row_id, reason)
                    continue
                checked.alike[part.model] += 1
                if unit.merged is not None:
                    checked.alike["Session"] += 1
        done(sum(len(unit.parts) for unit in batch))
    return checked


async def _read_back(context: Context, batch: Sequence[Unit]) -> dict[UUID, Mapping[str, Any]]:
    """Read the rows of a batch from the store, by id."""
    wanted: dict[str, set[UUID]] = {}
    for unit in batch:
        for part in unit.parts:
            wanted.setdefault(TABLE_OF_KIND[part.model], set()).add(part.own_id)
            if part.model == "ModuleState" and unit.extra["is_last"]:
                wanted.setdefault("module_states", set()).add(unit.extra["first"])
    found: dict[UUID, Mapping[str, Any]] = {}
    async with context.engine.connect() as connection:
        for name, ids in wanted.items():
            table = Base.metadata.tables[name]
            rows = await connection.execute(
                select(table).where(
                    table.c.project_id == context.project_id,
                    table.c.id == any_of(ids),
                )
            )
            for row in rows.mappings():
                # the first transition of a state and the state itself have the same id
                key = _state_key(row["id"]) if name == "module_states" else row["id"]
                found[key] = dict(row)
    return found


def _state_key(own_id: UUID) -> UUID:
    return UUID(int=own_id.int ^ 1)


def _told(unit: Unit, part: Part) -> dict[str, Any]:
    """Give what the source tells of a row, by our columns, in the canonical form."""
    values: dict[str, Any] = {}
    for name, columns in part.values.items():
        table = Base.metadata.tables[name]
        for column, value in columns.items():
            # what a state is besides its document is told by its last row
            if name != "module_states" or column == "state" or _is_last(unit, part):
                values[column] = _canonical(table.c[column].type, value, is_frozen=True)
    return values


def _is_last(unit: Unit, part: Part) -> bool:
    return part.model == "ModuleState" and bool(unit.extra["is_last"])


def _links(
    unit: Unit, part: Part, session_id: UUID | None, agents: Mapping[str, UUID]
) -> dict[str, Any]:
    """Give the rows of ours that a row must hang on."""
    links: dict[str, UUID | None] = {}
    table = TABLE_OF_KIND[part.model]
    columns = Base.metadata.tables[table].c
    if unit.kind == "session":
        links["parent_id"] = unit.extra.get("parent")
    elif "session_id" in columns and session_id is not None:
        links["session_id"] = session_id
    if "agent_id" in columns and unit.agent is not None:
        links["agent_id"] = agents.get(unit.agent)
    if "memory_id" in columns and table != "memories":  # whose own name it is
        links["memory_id"] = unit.extra["owner"]
    if "module_state_id" in columns:
        links["module_state_id"] = unit.extra["first"]
    if part.model == "ToolCall":
        links["message_id"] = unit.part.own_id
    if part.model == "PendingConfirmation":
        links["tool_call_id"] = unit.extra.get("tool_call")
    return {name: None if found is None else str(found) for name, found in links.items()}


def _answered(
    unit: Unit,
    part: Part,
    told: Mapping[str, Any],
    found: Mapping[UUID, Mapping[str, Any]],
    documents: dict[UUID, Any],
) -> dict[str, Any] | None:
    """Give the same of what the store answers; None if the row is not there."""
    row = found.get(part.own_id)
    if row is None:
        return None
    answered: dict[str, Any] = {}
    table = Base.metadata.tables[TABLE_OF_KIND[part.model]]
    for column in told:
        if column in table.c:
            answered[column] = _canonical(table.c[column].type, row[column], is_frozen=False)
    if table.name == "sessions" and answered["status"] == "WAITING":
        answered["status"] = "ACTIVE"  # it waits while it has a question
    asked = {"AWAITING_CONFIRMATION", "CANCELLED"}  # by now, or when its session ended
    if table.name == "tool_calls" and told["status"] == "PENDING" and answered["status"] in asked:
        answered["status"] = "PENDING"
    if table.name == "state_transitions":
        _replay(unit, part, row, answered, documents)
        if _is_last(unit, part):
            state = found.get(_state_key(unit.extra["first"]), {})
            answered |= _state(told.keys() - answered.keys() | {"state"}, state)
    return answered


def _state(names: Collection[str], state: Mapping[str, Any]) -> dict[str, Any]:
    """Give columns of a module's state."""
    columns = Base.metadata.tables["module_states"].c
    return {
        name: _canonical(columns[name].type, state.get(name), is_frozen=False)
        for name in names
        if name in columns
    }


def _replay(
    unit: Unit,
    part: Part,
    row: Mapping[str, Any],
    answered: dict[str, Any],
    documents: dict[UUID, Any],
) -> None:
    """Work out the document after a transition, and what a transition of the source told."""
    first = unit.extra["first"]
    new_values = orjson.loads(row["new_values"])
    document = merge(documents.get(first), new_values) if row["is_patch"] else new_values
    documents[first] = document
    if part.model == "ModuleState":
        answered["state"] = _plain(document)
    elif answered["new_values"] == {} and part.values["state_transitions"]["new_values"] != "{}":
        kept = answered.pop("transition_data", None) or {}
        answered["new_values"] = kept.get("newValues")
        if "transitionData" in kept:
            answered["transition_data"] = kept["transitionData"]


def _compare(
    checked: Checked, part: Part, told: dict[str, Any], answered: dict[str, Any] | None
) -> str | None:
    """Add a row to both sums; say what differs."""
    checked.source = (checked.source + _number(part, told)) % _DIGEST_NUMBERS
    if answered is None:
        return "is not there"
    checked.store = (checked.store + _number(part, answered)) % _DIGEST_NUMBERS
    columns = [name for name in told.keys() | answered if told.get(name) != answered.get(name)]
    return f"differs in {', '.join(sorted(columns))}" if columns else None


def _number(part: Part, values: dict[str, Any]) -> int:
    named = [part.model, part.row_id, values]
    digest = sha256(orjson.dumps(named, option=orjson.OPT_SORT_KEYS)).digest()
    return int.from_bytes(digest, "big")


def _canonical(kind: Any, value: Any, *, is_frozen: bool) -> Any:
    if value is None:
        return None
    if isinstance(kind, JSON):
        parsed = orjson.loads(value)
        return _plain(parsed) if _FRACTION.search(value) else parsed
    if isinstance(value, datetime) and not is_frozen:
        return (value - EPOCH) // _MICROSECOND
    if isinstance(kind, ARRAY) and isinstance(kind.item_type, REAL):
        return [struct.unpack("f", struct.pack("f", number))[0] for number in value]
    return str(value) if isinstance(value, UUID) else _plain(value)


def _plain(value: Any) -> Any:
    """Write whole numbers as such, however a document spells them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
