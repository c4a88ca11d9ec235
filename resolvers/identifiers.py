"""Ids as the client sees them: TypeIDs (https://github.com/jetify-com/typeid) over UUIDv7.

`session_01h455vb4pex5vsknk084sn02q` is the prefix of a noun and a UUID in base 32. Every id has one
spelling: what does not encode back to itself is refused.
"""

import re
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table
from typeid.base32 import decode as decode_base32
from typeid.base32 import encode as encode_base32

import models
from models.base import ProjectRow
from resolvers.errors import Invalid
from resolvers.validation import check_name

_SUFFIX_LENGTH = 26


def _prefix(model: type[Any]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()


def table_of(model: Any) -> Table:
    """Give a model's table."""
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(model)
    return table


TABLES: dict[str, Table] = {
    _prefix(mapper.class_): table_of(mapper.class_)
    for mapper in models.Base.registry.mappers
    if issubclass(mapper.class_, ProjectRow)
}
"""The table of each prefix."""

PREFIXES = {table: prefix for prefix, table in TABLES.items()}
"""The prefix of each table's ids, such as `tool_call`."""

OWN_NAMES = {
    table_of(models.Session): "session_id",
    table_of(models.Agent): "agent_id",
    table_of(models.Memory): "memory_id",
}
"""The column with the runtime's own name for a row, where that is unique in the project."""


def encode(prefix: str, value: UUID) -> str:
    """Write a UUID as a TypeID."""
    return f"{prefix}_{encode_base32(value.bytes)}"


def decode(value: str) -> tuple[str, UUID] | None:
    """Read a TypeID of any noun; None where the text is none."""
    prefix, _, suffix = value.rpartition("_")
    if prefix not in TABLES or len(suffix) != _SUFFIX_LENGTH:
        return None
    try:
        decoded = bytes(decode_base32(suffix))
    except (RuntimeError, ValueError):
        return None
    return (prefix, UUID(bytes=decoded)) if encode_base32(decoded) == suffix else None


def decode_as(table: Table, value: str, field: str) -> UUID:
    """Read the TypeID of a row of one table.

    Raises `Invalid` where it is malformed or another noun's.
    """
    return key_as(table, decode(value), field)


def key_as(table: Table, decoded: tuple[str, UUID] | None, field: str) -> UUID:
    """Give the UUID of what `decode` gave. Raises `Invalid` as `decode_as` does."""
    expected = PREFIXES[table]
    if decoded is None:
        raise Invalid(f"Not an id; give the `{expected}_…` id that the API returned.", field=field)
    if decoded[0] != expected:
        raise Invalid(f"This is the id of a {decoded[0]}; give a `{expected}_…` id.", field=field)
    return decoded[1]


def key_of(own_name: Column[Any], value: str, field: str) -> dict[str, Any]:
    """Give the unique key of a row by its TypeID, or by the runtime's own name for it.

    `own_name` is the column that holds the latter. Raises `Invalid` for another noun's TypeID.
    """
    decoded = decode(value)
    if decoded is None:
        check_name(value, field)
        return {own_name.name: value}
    table = own_name.table
    if not isinstance(table, Table):
        raise TypeError(table)
    return {"id": key_as(table, decoded, field)}
