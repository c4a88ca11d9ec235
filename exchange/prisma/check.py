"""Reads back what was carried over, and compares it with the source, row by row and as a whole.

Each row's carried values are written in one canonical form, as they were read from the source and as
the store answers now. A side's digest is the sum of the SHA-256 of its rows, whatever their order.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import JSON, REAL

from exchange.prisma.converted import EPOCH
from exchange.prisma.copy import Copy
from exchange.prisma.units import Part, Unit, batches, units
from exchange.prisma.write import TABLE_OF_KIND
from models.base import Base
from resolvers.context import Context
from resolvers.merge_patch import merge

_DIGEST_NUMBERS = 2**256
_FRACTION = re.compile(r"\d(\.|[eE])")
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Checked:
    """What the comparison found: the sums of both sides, the rows alike by model, and the others."""

    source: int = 0
    store: int = 0
    alike: Counter[str] = field(default_factory=Counter)
    different: list[tuple[str, str, str]] = field(default_factory=list)
    """Model, id, and what differs."""


async def check(context: Context, copy: Copy, done: Any) -> Checked:
    """Compare all rows that were not refused; `done` is called with the number that are through."""
    checked = Checked()
    documents: dict[UUID, Any] = {}
    """The states as their logs replay, of one session."""
    session = None
    for batch in batches(_kept(copy)):
        found = await _read_back(context, batch)
        for unit in batch:
            if unit.session != session:
                session = unit.session
                documents.clear()
            for part in unit.parts:
                told = _told(unit, part)
                answered = _answered(unit, part, told, found, documents)
                _compare(checked, part, told, answered)
        done(sum(len(unit.parts) for unit in batch))
    return checked


def _kept(copy: Copy) -> Iterator[Unit]:
    """Give the units whose rows were not refused when they were written."""
    refused = {
        (model, row_id)
        for model, row_id in copy.select("SELECT model, id FROM rows WHERE refusal IS NOT NULL")
    }
    for unit in units(copy):
        unit.others = [part for part in unit.others if (part.model, part.row_id) not in refused]
        if unit.kind in {"end", "relation"} or (unit.part.model, unit.part.row_id) in refused:
            continue
        yield unit


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
                    table.c.id == any_(bindparam("ids", list(ids), ARRAY(Uuid))),
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
        if name == "module_states" and not unit.extra["is_last"]:
            columns = {"state": columns["state"]}
        if name == "module_states":
            columns = {key: value for key, value in columns.items() if key != "module_id"}
        for column, value in columns.items():
            values[column] = _canonical(table.c[column].type, value, is_frozen=True)
    return values


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
    if table.name == "tool_calls" and told["status"] == "PENDING":
        if answered["status"] in {"AWAITING_CONFIRMATION", "CANCELLED"}:
            answered["status"] = "PENDING"  # it is asked about, or was when its session ended
    if table.name == "state_transitions":
        _replay(unit, part, row, answered, documents)
        if part.model == "ModuleState" and unit.extra["is_last"]:
            state = found.get(_state_key(unit.extra["first"]), {})
            columns = Base.metadata.tables["module_states"].c
            for column in told:
                if column in columns and column not in table.c and column in state:
                    kind = columns[column].type
                    answered[column] = _canonical(kind, state[column], is_frozen=False)
    return answered


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
) -> None:
    checked.source = (checked.source + _number(part, told)) % _DIGEST_NUMBERS
    if answered is None:
        checked.different.append((part.model, part.row_id, "is not there"))
        return
    checked.store = (checked.store + _number(part, answered)) % _DIGEST_NUMBERS
    columns = [name for name in told.keys() | answered if told.get(name) != answered.get(name)]
    if columns:
        reason = f"differs in {', '.join(sorted(columns))}"
        checked.different.append((part.model, part.row_id, reason))
    else:
        checked.alike[part.model] += 1


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
    return _plain(value)


def _plain(value: Any) -> Any:
    """Write whole numbers as such, however a document spells them."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
