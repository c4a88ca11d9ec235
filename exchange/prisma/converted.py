"""A source's row as what is recorded of it: values for the columns of our tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Table
from sqlalchemy.dialects.postgresql import JSON

from exchange.prisma.source_values import SourceRow
from models.base import write_json
from resolvers.errors import Invalid
from resolvers.identifiers import table_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class Converted:
    """What a row becomes: values by model of ours, and what places it among the others.

    `session`, `agent` and `owner` (the row that it hangs on) are the source's own references.
    `name` is what it is known by among its like, `sequence` its place where the source numbers it.
    `is_open` is a tool call without an answer, or an active version.
    """

    values: dict[type[Any], dict[str, Any]]
    session: str | None = None
    agent: str | None = None
    owner: str | None = None
    name: str | None = None
    sequence: float | None = None
    is_open: bool = False
    others: list[str] = field(default_factory=list)
    """Ids of memories that it refers to."""


def imported_id(model: str, row_id: str, made_at: datetime | None) -> UUID:
    """Give the id that a source's row has here: a UUIDv7 of its time and its name.

    The same row has the same id whenever it is imported. The time is in milliseconds (RFC 9562);
    the rest is of the SHA-256 of model and id, NUL between them.
    """
    milliseconds = 0 if made_at is None else max(0, (made_at - EPOCH) // timedelta(milliseconds=1))
    random = int.from_bytes(sha256(f"{model}\0{row_id}".encode()).digest()[:10], "big")
    number = (milliseconds & (2**48 - 1)) << 80 | random
    number = number & ~(0xF << 76) | 7 << 76
    return UUID(int=number & ~(0b11 << 62) | 0b10 << 62)


def metadata(row: SourceRow) -> dict[str, Any]:
    """Give the metadata of a row: its own, the columns that are not known, and its id."""
    own = row.document("metadata")
    made = dict(own) if isinstance(own, dict) else {} if own is None else {"metadata": own}
    for name, value in row.unknown.items():
        made[f"column {name}" if name in made else name] = value
    return made | {"importedId": row.id}


def score(row: SourceRow, name: str, kept: dict[str, Any] | None) -> float | None:
    """Give a score from 0 to 1; another is kept in `kept`, or told only."""
    value: float | None = row.get(name)
    if value is None or 0 <= value <= 1:
        return value
    where = "" if kept is None else f"; kept as metadata.{name}"
    row.notes.append(f"{name} is not between 0 and 1{where}")
    if kept is not None:
        kept[name] = value
    return None


def time_or_kept(row: SourceRow, name: str, kept: dict[str, Any] | None) -> datetime | None:
    """Give a time; one that cannot be stored is kept as text in `kept`, or told only."""
    if name not in row.bad_times:
        return row.time(name)
    where = "" if kept is None else f"; kept as metadata.{name}"
    row.notes.append(f"{name} is no time between the years 1900 and 2200{where}")
    if kept is not None:
        kept[name] = row.bad_times[name]
    return None


def name_or_none(row: SourceRow, field_name: str) -> str | None:
    """Give a name; one that is empty or of spaces alone is none."""
    value: str | None = row.get(field_name)
    return value if value is not None and value.strip() else None


def required_time(row: SourceRow) -> datetime | None:
    """Give when the row was made. Raises `Invalid` where only times that cannot be stored tell."""
    bad = next((name for name in row.table.time if name in row.bad_times), None)
    if row.made_at is None and bad is not None:
        return row.time(bad)
    return row.made_at


def without_metadata(row: SourceRow) -> None:
    """Note that columns are not known, where there is no metadata to keep them."""
    row.notes.extend(f"{name} is not carried: it has no place here" for name in row.unknown)


def freeze(model: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Write values so that JSON holds them: JSON columns as text, times in microseconds."""
    frozen = {}
    table = table_of(model)
    for name, value in values.items():
        kind = table.c[name].type
        if value is None:
            continue
        if isinstance(kind, JSON):
            frozen[name] = write_json(value)
        elif isinstance(kind, DateTime):
            frozen[name] = (value - EPOCH) // _MICROSECOND
        else:
            frozen[name] = value
    return frozen


def thaw(table: Table, frozen: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `freeze` wrote; JSON comes to the letter."""
    values: dict[str, Any] = {}
    for name, value in frozen.items():
        kind = table.c[name].type
        if isinstance(kind, JSON):
            values[name] = orjson.Fragment(value)
        elif isinstance(kind, DateTime):
            values[name] = EPOCH + timedelta(microseconds=value)
        else:
            values[name] = value
    return values


def need(row: SourceRow, name: str) -> Any:
    """Give a value that must be there. Raises `Invalid`."""
    value = row.get(name)
    if value is None:
        raise Invalid("Must not be null.", field=name)
    return value
