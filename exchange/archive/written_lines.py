"""Rows as lines of a file."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from asyncpg import Record
from sqlalchemy import LargeBinary, Numeric, Uuid
from sqlalchemy.dialects.postgresql import JSON

from exchange.archive.layout import Member, members
from resolvers.identifiers import PREFIXES, TABLES, encode

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
_NO_BREAKS = str.maketrans("\n\r", "  ")

Row = Sequence[Any] | Record
"""Values in the order of the table's columns, as the driver gives them: JSON is text."""
_Write = Callable[[Any], Any]


def _identifier(prefix: str) -> _Write:
    return lambda value: encode(prefix, value)


def _write_decimal(value: Decimal) -> str:
    return format(value, "f")


def _write_bytes(value: bytes) -> str:
    return value.hex()


def _write_json(text: str) -> orjson.Fragment:
    return orjson.Fragment(text.translate(_NO_BREAKS) if _has_breaks(text) else text)


def _has_breaks(text: str) -> bool:
    """Whether a document's spelling has line breaks: between its values, for none are in texts."""
    return "\n" in text or "\r" in text


def _write_uuid(value: UUID) -> str:
    return str(value)


def _writer(member: Member) -> _Write | None:
    """Give what turns a column's value into what stands in the line; None leaves it as it is."""
    kind = member.column.type
    if member.target is not None:
        return _identifier(PREFIXES[member.target])
    if isinstance(kind, Uuid):
        return _write_uuid
    if isinstance(kind, JSON):
        return _write_json
    if isinstance(kind, LargeBinary):
        return _write_bytes
    if isinstance(kind, Numeric) and kind.asdecimal:
        return _write_decimal
    return None


class LineWriter:
    """Writes the lines of one noun's rows."""

    def __init__(self, noun: str) -> None:
        table = TABLES[noun]
        places = {column.name: place for place, column in enumerate(table.c)}
        self._noun = noun
        self._plain = []
        self._typed = []
        self._documents = []
        for member in members(table):
            place = places[member.column.name]
            if member.type_column is not None:
                self._typed.append((member.name, place, places[member.type_column.name]))
            else:
                self._plain.append((member.name, place, _writer(member)))
            if isinstance(member.column.type, JSON):
                self._documents.append((member.name, place))

    def write(self, row: Row) -> bytes:
        """Write a row, with the end of its line."""
        values: dict[str, Any] = {}
        for name, place, write in self._plain:
            value = row[place]
            if value is not None:
                values[name] = value if write is None else write(value)
        for name, place, prefix in self._typed:
            if row[place] is not None:
                values[name] = encode(row[prefix], row[place])
        line: dict[str, Any] = {self._noun: values}
        for name, place in self._documents:
            if row[place] is not None and _has_breaks(row[place]):
                line.setdefault("verbatim", {})[name] = row[place]
        return orjson.dumps(line, option=_OPTIONS)


def write_line(value: Any) -> bytes:
    """Write a line that is no row's."""
    return orjson.dumps(value, option=_OPTIONS)
