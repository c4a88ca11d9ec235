"""The values of a source's columns, read alike whatever the database and Prisma's release."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from exchange.prisma.source_tables import Kind, SourceTable
from resolvers.errors import Invalid
from resolvers.validation import check_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_YEAR = 1900
_LAST_YEAR = 2200


@dataclass
class SourceRow:
    """A row of a source. Values are by field, without those that are null.

    Texts are `str`, numbers `int` or `float`, times `datetime`s in UTC, lists `list`s, JSON is its
    text. `unknown` has what no field is known for, as JSON values. `notes` say what could not be
    carried as it is.
    """

    table: SourceTable
    id: str
    values: dict[str, Any]
    unknown: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    bad_times: dict[str, str] = field(default_factory=dict)
    """Times that are none, or beyond the years 1900 to 2200, as text."""

    def get(self, name: str) -> Any:
        """Give the value of a field; None if it is null."""
        return self.values.get(name)

    def time(self, name: str) -> datetime | None:
        """Give a time. Raises `Invalid` for one that cannot be stored."""
        if name in self.bad_times:
            raise Invalid(f"Give a time between {_FIRST_YEAR} and {_LAST_YEAR}.", field=name)
        found: datetime | None = self.values.get(name)
        return found

    @property
    def made_at(self) -> datetime | None:
        """When the row was made, by the first of its columns that tells."""
        told = (self.values.get(name) for name in self.table.time)
        return next((time for time in told if time is not None), None)

    def document(self, name: str) -> Any:
        """Give a JSON value parsed. Raises `Invalid` for what cannot be stored."""
        text = self.values.get(name)
        if text is None:
            return None
        parsed = orjson.loads(text)
        check_json(parsed, name)
        return parsed

    def letters(self, name: str) -> orjson.Fragment | None:
        """Give a JSON value to the letter; None for null. Raises `Invalid` as `document` does."""
        return None if self.document(name) is None else orjson.Fragment(self.values[name])


def read_row(
    source: SourceTable, fields: Mapping[str, tuple[str, bool]], row: Mapping[str, Any]
) -> SourceRow:
    """Read a row; `fields` gives each column's field and whether the column is JSON.

    Raises `Invalid` for what cannot be read, naming the field.
    """
    read = SourceRow(source, str(row[_column_of("id", fields)]), {})
    for column, (name, is_json) in fields.items():
        value = row[column]
        if value is None:
            continue
        kind = source.columns.get(name)
        if kind is None:
            read.unknown[name] = _plain(value, is_json=is_json)
        elif kind is Kind.TIME:
            time = read_time(value)
            if time is None:
                read.bad_times[name] = str(value)
            else:
                read.values[name] = time
        else:
            found = _READERS[kind](value, name, is_json)
            if found is not None:
                read.values[name] = found
    return read


def _column_of(name: str, fields: Mapping[str, tuple[str, bool]]) -> str:
    return next(column for column, (each, _) in fields.items() if each == name)


def read_time(value: Any) -> datetime | None:
    """Read a time: a `datetime`, ISO text, or milliseconds since 1970; without a zone it is UTC.

    None for what is no time that can be stored.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            is_number = text.lstrip("-").isdigit()
            value = int(text) if is_number else datetime.fromisoformat(text)
        if isinstance(value, (int, float, Decimal)):
            value = _EPOCH + timedelta(milliseconds=float(value))
        if not isinstance(value, datetime):
            return None
        time = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return time if _FIRST_YEAR <= time.year <= _LAST_YEAR else None


def _text(value: Any, name: str, _is_json: bool) -> str:  # noqa: FBT001  one shape for all readers
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode(errors="surrogateescape")
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid("Not valid text.", field=name) from error
    return text


def _number(value: Any, name: str, _is_json: bool) -> float:  # noqa: FBT001
    try:
        number = value if isinstance(value, int) else float(value)
    except (TypeError, ValueError) as error:
        raise Invalid("Not a number.", field=name) from error
    return int(number) if number == number // 1 and abs(number) < 2**53 else number


def _boolean(value: Any, _name: str, _is_json: bool) -> bool:  # noqa: FBT001
    if isinstance(value, (bytes, bytearray)):
        return any(value)
    return value.lower() in {"1", "t", "true"} if isinstance(value, str) else bool(value)


def _json(value: Any, name: str, is_json: bool) -> str:  # noqa: FBT001
    """Give the text of a JSON value; text that is none, where a column holds any, is a string."""
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode(errors="surrogateescape")
    if not isinstance(value, str):
        return orjson.dumps(value, default=str).decode()
    try:
        orjson.loads(value)
    except ValueError as error:
        if is_json and value.lstrip()[:1] in {"{", "[", '"'}:
            raise Invalid("Not JSON that can be stored.", field=name) from error
        return orjson.dumps(_text(value, name, is_json)).decode()
    return value


def _text_or_json(value: Any, name: str, is_json: bool) -> str:  # noqa: FBT001
    if is_json or not isinstance(value, str):
        return _json(value, name, is_json)
    return orjson.dumps(_text(value, name, is_json)).decode()


def _list(value: Any, name: str, _is_json: bool) -> list[Any]:  # noqa: FBT001
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode(errors="surrogateescape")
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except ValueError:
            value = [_text(value, name, _is_json)]
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


_READERS = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.JSON: _json,
    Kind.TEXT_OR_JSON: _text_or_json,
    Kind.LIST: _list,
}


def _plain(value: Any, *, is_json: bool) -> Any:
    """Give a value of an unknown column as JSON has it; bytes in base 64."""
    match value:
        case datetime():
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
        case Decimal():
            return float(value)
        case bytes() | bytearray():
            return b64encode(value).decode()
        case str() if is_json:
            return _parsed(value)
        case list() | tuple():
            return [_plain(item, is_json=is_json) for item in value]
    return value if isinstance(value, (str, int, float)) else str(value)


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except ValueError:
        return text
