"""What is recorded together, in the order in which it is recorded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from exchange.prisma.converted import EPOCH, imported_id
from exchange.prisma.copy import Copy

_BATCH_ROWS = 1_000
_BATCH_CHARACTERS = 16_000_000


@dataclass
class Part:
    """A row of the source: its model and id, the id that it gets, and its values by our tables."""

    model: str
    row_id: str
    own_id: UUID
    values: dict[str, dict[str, Any]]
    size: int = 0


@dataclass
class Unit:
    """A row and what is recorded with it: a message's tool calls.

    `kind` is the row's model, or `session`, or `end` for the end of one. `session` and `agent` are
    the keys of those it is in; `merged` is the id of a row of `Session` that is the same session;
    `extra` is what arranging it found out.
    """

    kind: str
    part: Part
    session: int | None = None
    agent: str | None = None
    merged: str | None = None
    others: list[Part] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def parts(self) -> list[Part]:
        """All rows of the source in it that become rows of ours."""
        return [self.part, *self.others]

    @property
    def rows(self) -> list[tuple[str, str]]:
        """All rows of the source in it, by model and id."""
        merged = [] if self.merged is None else [("Session", self.merged)]
        return [*((part.model, part.row_id) for part in self.parts), *merged]


def own_id_of(model: str, row_id: str, made_at: int | None) -> UUID:
    """Give the id that a row of the copy gets."""
    moment = None if made_at is None else EPOCH + timedelta(microseconds=made_at)
    return imported_id(model, row_id, moment)


_PART = "r.model, r.id, r.made_at, r.payload"


def _part(model: str, row_id: str, made_at: int | None, payload: str) -> Part:
    own_id = own_id_of(model, row_id, made_at)
    return Part(model, row_id, own_id, orjson.loads(payload), len(payload))


def units(copy: Copy) -> Iterator[Unit]:
    """Give all units of a copy: what others refer to comes before them."""
    yield from _rows(copy, "AI_Agent", "r.made_at, r.id")
    yield from _rows(copy, "AgentVersion", "r.agent, r.is_open, r.made_at, r.id")
    yield from _rows(copy, "AgentMetric", "r.agent, r.made_at, r.id")
    sessions = copy.select("SELECT key FROM sessions ORDER BY depth, key")
    for (key,) in sessions:
        yield from _session(copy, key)
    yield from _rows(copy, "InteractionMemory", "r.made_at, r.id", "AND r.session_key IS NULL")
    yield from _relations(copy)
    yield from _rows(copy, "MemoryAccess", "r.owner, r.made_at, r.id", owner="InteractionMemory")
    yield from _rows(
        copy, "MemoryAnnotation", "r.owner, r.made_at, r.id", owner="InteractionMemory"
    )


def _rows(
    copy: Copy, model: str, order: str, condition: str = "", *, owner: str | None = None
) -> Iterator[Unit]:
    found = copy.select(
        f"SELECT {_PART}, r.agent, r.owner, o.made_at FROM rows r"
        " LEFT JOIN rows o ON o.model = ? AND o.id = r.owner"
        f" WHERE r.model = ? AND r.refusal IS NULL {condition} ORDER BY {order}",
        owner,
        model,
    )
    for *part, agent, owner_id, owner_made_at in found:
        unit = Unit(model, _part(*part), agent=agent)
        if owner is not None:
            unit.extra["owner"] = own_id_of(owner, owner_id, owner_made_at)
        yield unit


def session_part(copy: Copy, key: int) -> Part:
    """Give a session as it is recorded; one that is made for states has no row of its own."""
    ((model, row_id, made_at, own_name),) = copy.select(
        "SELECT model, id, made_at, own_name FROM sessions WHERE key = ?", key
    )
    if model == "module":
        metadata = orjson.dumps({"importedModule": row_id}).decode()
        times = (
            {}
            if made_at is None
            else dict.fromkeys(("started_at", "created_at", "updated_at"), made_at)
        )
        values = {"session_id": own_name, "status": "ACTIVE", "metadata": metadata, **times}
        return Part(model, row_id, own_id_of(model, row_id, None), {"sessions": values})
    ((payload,),) = copy.select(
        "SELECT payload FROM rows WHERE model = ? AND id = ?", model, row_id
    )
    return _part(model, row_id, made_at, payload)


def session_id_of(copy: Copy, key: int) -> UUID:
    """Give the id that a session gets."""
    ((model, row_id, made_at),) = copy.select(
        "SELECT model, id, made_at FROM sessions WHERE key = ?", key
    )
    return own_id_of(model, row_id, None if model == "module" else made_at)


def _session(copy: Copy, key: int) -> Iterator[Unit]:
    ((parent, agent, refusal, merged),) = copy.select(
        "SELECT s.parent, r.agent, r.refusal, s.merged FROM sessions s"
        " LEFT JOIN rows r USING (model, id) WHERE key = ?",
        key,
    )
    if refusal is not None:
        return
    part = session_part(copy, key)
    extra = {} if parent is None else {"parent": session_id_of(copy, parent), "parent_key": parent}
    yield Unit("session", part, key, agent, merged=merged, extra=extra)
    placed = copy.select(
        f"SELECT {_PART}, r.agent, t.extra FROM timeline t JOIN rows r"
        " ON r.model = t.model AND r.id = t.id WHERE t.session = ? AND r.refusal IS NULL"
        " ORDER BY t.at, t.rank, t.place",
        key,
    )
    for *row, row_agent, found in placed:
        unit = Unit(row[0], _part(*row), key, row_agent)
        unit.extra = {} if found is None else orjson.loads(found)
        if unit.kind == "Message":
            unit.others = list(_tool_calls(copy, unit.part.row_id))
        elif unit.kind == "PendingConfirmation":
            if found is not None:
                unit.extra["tool_call"] = _own_id(copy, "ToolCall", unit.extra["tool_call"])
            changed_at = part.values["sessions"].get("updated_at")
            if changed_at is not None:
                unit.extra["updated_at"] = EPOCH + timedelta(microseconds=changed_at)
            unit.extra["session_id"] = part.own_id
        elif "first" in unit.extra:
            unit.extra["first"] = _own_id(copy, "ModuleState", unit.extra["first"])
        yield unit
    if part.values["sessions"]["status"] != "ACTIVE":
        yield Unit("end", part, key)


def _own_id(copy: Copy, model: str, row_id: str) -> UUID:
    found = copy.select("SELECT made_at FROM rows WHERE model = ? AND id = ?", model, row_id)
    ((made_at,),) = found
    return own_id_of(model, row_id, made_at)


def _tool_calls(copy: Copy, message: str) -> Iterator[Part]:
    found = copy.select(
        f"SELECT {_PART} FROM rows r WHERE r.model = 'ToolCall' AND r.owner = ?"
        " AND r.refusal IS NULL ORDER BY r.made_at, r.id",
        message,
    )
    return (_part(*row) for row in found)


def _relations(copy: Copy) -> Iterator[Unit]:
    pairs = copy.select(
        "SELECT l.memory, l.related, a.made_at, b.made_at FROM relations l"
        " JOIN rows a ON a.model = 'InteractionMemory' AND a.id = l.memory"
        " JOIN rows b ON b.model = 'InteractionMemory' AND b.id = l.related"
        " ORDER BY a.made_at, a.id, b.made_at, b.id"
    )
    for memory, related, made_at, related_at in pairs:
        own_id = own_id_of("relatedMemories", f"{memory}\0{related}", made_at)
        unit = Unit("relation", Part("relation", f"{memory} {related}", own_id, {}))
        unit.extra = {
            "owner": own_id_of("InteractionMemory", memory, made_at),
            "related": own_id_of("InteractionMemory", related, related_at),
        }
        yield unit


def batches(given: Iterator[Unit]) -> Iterator[list[Unit]]:
    """Gather units for a transaction: about a thousand rows, or 16 million characters."""
    batch: list[Unit] = []
    rows = characters = 0
    for unit in given:
        batch.append(unit)
        rows += len(unit.parts)
        characters += sum(part.size for part in unit.parts)
        if rows >= _BATCH_ROWS or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, rows, characters = [], 0, 0
    if batch:
        yield batch
