"""Lines of a file as rows, checked."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from exchange.archive.layout import CARRIED, Member, members
from resolvers.errors import Invalid
from resolvers.identifiers import PREFIXES, TABLES, decode, decode_as
from resolvers.validation import check_json

_VERBATIM = "verbatim"
_FIRST_YEAR, _LAST_YEAR = 1900, 2200

_TYPES: tuple[tuple[type[Any], Any], ...] = (
    (JSON, msgspec.Raw),
    (BigInteger, Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]),
    (Integer, Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]),
    (Double, float),  # before Numeric, which it is one of
    (Numeric, Decimal),
    (Boolean, bool),
    (DateTime, Annotated[datetime, msgspec.Meta(tz=True)]),
    (LargeBinary, str),
    (Uuid, UUID),
    (Text, str),
)
"""What a member of a line must be, by the type of its column."""


@dataclass(slots=True)
class ArchivedRow:
    """A row of a file: its line's number, and its values by column, but for nulls."""

    line: int
    table: Table
    values: dict[str, Any]

    @property
    def id(self) -> UUID:
        """The row's id."""
        found: UUID = self.values["id"]
        return found


@dataclass(frozen=True)
class ArchiveLine:
    """A line that is no row: the header or the end."""

    line: int
    noun: str
    values: Mapping[str, Any]


_OUTER = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXTS = msgspec.json.Decoder(dict[str, str])
_ANY = msgspec.json.Decoder(dict[str, Any])
_NOUNS = frozenset(PREFIXES[table] for table in CARRIED)


def read_line(number: int, text: bytes) -> ArchivedRow | ArchiveLine:
    """Read a line. Raises `Invalid`, whose field is the member at fault."""
    try:
        line = _OUTER.decode(text)
        verbatim = _TEXTS.decode(line.pop(_VERBATIM)) if _VERBATIM in line else {}
        noun, *others = line
        if others:
            raise Invalid("Must be a JSON object of one member, the noun's row.")
        if noun not in _NOUNS:
            if noun in {"sessiongraph", "end"}:
                return ArchiveLine(number, noun, _ANY.decode(line[noun]))
            raise Invalid(f"There is no such noun; there are {', '.join(sorted(_NOUNS))}.")
        return ArchivedRow(number, TABLES[noun], _reader(TABLES[noun])(line[noun], verbatim))
    except msgspec.ValidationError as error:
        raise Invalid(_describe(error)) from error
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, nested too deep, or empty
        raise Invalid("Must be a JSON object of one member, the noun's row.") from error


def _describe(error: msgspec.ValidationError) -> str:
    """Say what is wrong, with the path to it before."""
    what, _, path = str(error).partition(" - at `$")
    path = path.strip(".`")
    return f"{path}: {what}." if path else f"{what}."


@cache
def _reader(table: Table) -> Callable[[msgspec.Raw, Mapping[str, str]], dict[str, Any]]:
    """Make what reads a table's rows."""
    listed = members(table)
    # SQLAlchemy's names are strings of its own class
    fields = [(str(each.column.name), *_type_of(each)) for each in listed]
    rename = {str(each.column.name): each.name for each in listed}
    kind = msgspec.defstruct(
        PREFIXES[table], fields, rename=rename, forbid_unknown_fields=True, kw_only=True
    )
    decoder = msgspec.json.Decoder(kind)
    plain = [(each.column.name, each.name, _check_of(each)) for each in listed]
    typed = [
        (each.column.name, each.type_column.name) for each in listed if each.type_column is not None
    ]

    def read(text: msgspec.Raw, verbatim: Mapping[str, str]) -> dict[str, Any]:
        row = decoder.decode(text)
        values: dict[str, Any] = {}
        for column, name, check in plain:
            value = getattr(row, column)
            if value is None or (value.__class__ is msgspec.Raw and not bytes(value)):
                continue
            values[column] = value if check is None else check(value, name)
        for column, type_column in typed:
            if column in values:
                values[type_column], values[column] = values[column]
        for name, document in verbatim.items():
            _put_verbatim(values, listed, name, document)
        return values

    return read


def _type_of(member: Member) -> tuple[Any, ...]:
    column = member.column
    kind = column.type
    found: Any
    if member.target is not None or member.type_column is not None:
        found = str
    elif isinstance(kind, ARRAY):
        found = list[str] if isinstance(kind.item_type, Text) else list[float]
    else:
        found = next(made for base, made in _TYPES if isinstance(kind, base))
    if not column.nullable and column.server_default is None:
        return (found,)
    return (found, msgspec.Raw()) if found is msgspec.Raw else (found | None, None)


def _check_of(member: Member) -> Callable[[Any, str], Any] | None:
    """Give what makes a column's value of a member; None where it is the value."""
    target, kind = member.target, member.column.type
    if target is not None:
        return lambda value, name: decode_as(target, value, name)
    if member.type_column is not None:
        return _read_subject
    checks: tuple[tuple[type[Any], Callable[[Any, str], Any]], ...] = (
        (JSON, _read_document),
        (LargeBinary, _read_bytes),
        (ARRAY, _read_list),
        (Double, _read_finite),
        (Numeric, _read_finite),
        (DateTime, _read_time),
        (Text, _read_text),
    )
    return next((check for base, check in checks if isinstance(kind, base)), None)


def _read_subject(value: str, name: str) -> tuple[str, UUID]:
    decoded = decode(value)
    if decoded is None:
        raise Invalid("Must be an id.", field=name)
    return decoded


def _read_document(value: msgspec.Raw, name: str) -> str:
    text = bytes(value)
    _check_document(text, name)
    return text.decode()


def _check_document(text: bytes, name: str) -> None:
    try:
        document = orjson.loads(text)
    except ValueError as error:
        raise Invalid("Not a JSON document that can be stored.", field=name) from error
    check_json(document, name)


def _read_bytes(value: str, name: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError as error:
        raise Invalid("Must be bytes in hexadecimal.", field=name) from error


def _read_text(value: str, name: str) -> str:
    if "\x00" in value:
        raise Invalid("Must not hold NUL characters; PostgreSQL cannot store them.", field=name)
    return value


def _read_list(value: list[Any], name: str) -> list[Any]:
    for item in value:
        if isinstance(item, str):
            _read_text(item, name)
        else:
            _read_finite(item, name)
    return value


def _read_finite(value: Any, name: str) -> Any:
    if not math.isfinite(value):
        raise Invalid("Must be a finite number.", field=name)
    return value


def _read_time(value: datetime, name: str) -> datetime:
    if not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        raise Invalid(f"Must be between the years {_FIRST_YEAR} and {_LAST_YEAR}.", field=name)
    return value


def _put_verbatim(
    values: dict[str, Any], listed: tuple[Member, ...], name: str, document: str
) -> None:
    """Put a document's own letters in the place of what stands in the row."""
    member = next((each for each in listed if each.name == name), None)
    if member is None or not isinstance(member.column.type, JSON):
        raise Invalid("There is no such document.", field=f"{_VERBATIM}.{name}")
    _check_document(document.encode(), f"{_VERBATIM}.{name}")
    stands = values.get(member.column.name)
    if stands is None or orjson.loads(stands) != orjson.loads(document):
        raise Invalid("Must be the document of the row.", field=f"{_VERBATIM}.{name}")
    values[member.column.name] = document
