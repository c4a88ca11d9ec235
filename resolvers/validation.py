"""Checks of values before they are written; the database's own constraints stand behind them."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from typing import Any, TypeAlias

import orjson
from sqlalchemy import CheckConstraint, Column, Double, Integer, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from resolvers.errors import Invalid

MAXIMUM_NAME_CHARACTERS = 512
"""Names are indexed, and an index entry holds 2,704 bytes at most."""
MAXIMUM_TEXT_CHARACTERS = 4_000_000
MAXIMUM_LIST_ITEMS = 1_000
MAXIMUM_EMBEDDING_NUMBERS = 16_000
MAXIMUM_JSON_DEPTH = 64
MAXIMUM_JSON_BYTES = 8_000_000
_LARGEST_INTEGER = 2**31 - 1
_LARGEST_FLOAT_FOR_JSON = 2**64
_LARGEST_REAL = 3.4e38
_COST_DIGITS = 12

LONG_TEXTS = frozenset(
    {"content", "content_text", "error", "error_message", "description", "purpose", "reason"}
    | {"user_message", "query_text", "title"}
)
"""Columns of free text; every other text is a name."""


@cache
def camel_case(name: str) -> str:
    """Spell a column as the client does: `tool_name` is `toolName`."""
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)


def check_values(
    table: Table, values: Mapping[str, Any], path: str = "", *, is_change: bool = False
) -> None:
    """Check values for a row by their columns. Raises `Invalid`, naming the input at fault.

    In a new row None leaves the column to its default; in a change it sets null.
    """
    checks = _checks(table)
    for name, value in values.items():
        column, check, bounds = checks[name]
        field = f"{path}{camel_case(name)}"
        if value is None:
            if not column.nullable and (is_change or column.server_default is None):
                raise Invalid("Must not be null.", field=field)
            continue
        if check is not None:
            check(value, field)
        if bounds is not None:
            _check_bounds(value, bounds, field)


def check_rows(table: Table, rows: Sequence[Mapping[str, Any]], path: str) -> None:
    """Check values for new rows; `path` leads to their list in the input, if they are in one."""
    for index, row in enumerate(rows):
        check_values(table, row, f"{path}.{index}." if path else "")


_Check: TypeAlias = Callable[[Any, str], None]
_Bounds: TypeAlias = tuple[int, int | None]


@cache
def _checks(table: Table) -> dict[str, tuple[Column[Any], _Check | None, _Bounds | None]]:
    """Give each column with the check of its values and their bounds."""
    bounds = _bounds(table)
    return {column.name: (column, _check_of(column), bounds.get(column.name)) for column in table.c}


def _check_of(column: Column[Any]) -> _Check | None:
    if isinstance(column.type, Text):
        return check_text if column.name in LONG_TEXTS else check_name
    if isinstance(column.type, ARRAY):
        return partial(_check_list, column.type)
    checks: dict[type[Any], _Check] = {
        JSON: check_json,
        Integer: _check_integer,
        Double: _check_finite,  # before Numeric, which it is one of
        Numeric: _check_decimal,
    }
    return next((check for kind, check in checks.items() if isinstance(column.type, kind)), None)


def _check_integer(value: int, field: str) -> None:
    if not 0 <= value <= _LARGEST_INTEGER:
        raise Invalid(f"Must be between 0 and {_LARGEST_INTEGER}.", field=field)


def _check_finite(value: float, field: str) -> None:
    if not math.isfinite(value):
        raise Invalid("Must be a finite number.", field=field)


def _check_bounds(value: Any, bounds: _Bounds, field: str) -> None:
    least, most = bounds
    if value < least or (most is not None and value > most):
        limit = f"at least {least}" if most is None else f"between {least} and {most}"
        raise Invalid(f"Must be {limit}.", field=field)


@cache
def _bounds(table: Table) -> dict[str, _Bounds]:
    """Give the least and most value of columns, as the table's own constraints have them."""
    bounds: dict[str, _Bounds] = {}
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            found = re.fullmatch(r"(\w+) (>= 0|BETWEEN 0 AND 1)", str(constraint.sqltext))
            if found:
                bounds[found[1]] = (0, 1 if found[2].startswith("BETWEEN") else None)
    return bounds


def check_name(value: str, field: str) -> None:
    """Check a name: not empty, of 512 characters at most, without NUL characters."""
    if not value.strip():
        raise Invalid("Must not be empty.", field=field)
    if len(value) > MAXIMUM_NAME_CHARACTERS:
        raise Invalid(f"Must not be longer than {MAXIMUM_NAME_CHARACTERS} characters.", field=field)
    _check_characters(value, field)


def check_operand(value: Any, field: str) -> None:
    """Check a value that rows are compared with: text, a number, a time or a boolean."""
    if isinstance(value, str):
        check_text(value, field)
    elif isinstance(value, Decimal):
        _check_decimal(value, field)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Invalid("Must be a finite number.", field=field)


def check_json(value: Any, field: str) -> None:
    """Check a JSON document: its depth and size, and that PostgreSQL keeps what it says."""
    if isinstance(value, orjson.Fragment):
        return
    _check_json_values(value, field)
    try:
        size = len(orjson.dumps(value))
    except (TypeError, ValueError) as error:
        raise Invalid("Not a JSON document that can be stored.", field=field) from error
    if size > MAXIMUM_JSON_BYTES:
        raise Invalid(f"Must not be larger than {MAXIMUM_JSON_BYTES} bytes as JSON.", field=field)


def _check_json_values(document: Any, field: str) -> None:
    level: list[Any] = [document]
    depth = 0
    while level:
        if depth > MAXIMUM_JSON_DEPTH:
            raise Invalid(
                f"Must not be nested deeper than {MAXIMUM_JSON_DEPTH} levels.", field=field
            )
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                for key in value:
                    _check_characters(key, field)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            elif isinstance(value, str):
                _check_characters(value, field)
            elif isinstance(value, (int, float)):
                _check_number(value, field)
        level = below
        depth += 1


def _check_number(value: float, field: str) -> None:
    # an integer over 64 bits arrives as a float that may not be the number that was sent
    if not -_LARGEST_FLOAT_FOR_JSON < value < _LARGEST_FLOAT_FOR_JSON:
        raise Invalid("Numbers of 2^64 or more must be sent as strings.", field=field)


def _check_characters(value: str, field: str) -> None:
    if "\x00" in value:
        raise Invalid("Must not hold NUL characters; PostgreSQL cannot store them.", field=field)
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Invalid(
            "Must not hold lone surrogates; it is not valid text.", field=field
        ) from error


def check_text(value: str, field: str) -> None:
    """Check free text: of 4,000,000 characters at most, without NUL characters; it may be empty."""
    if len(value) > MAXIMUM_TEXT_CHARACTERS:
        raise Invalid(f"Must not be longer than {MAXIMUM_TEXT_CHARACTERS} characters.", field=field)
    _check_characters(value, field)


def check_size(values: Sequence[Any], field: str, most: int = MAXIMUM_LIST_ITEMS) -> None:
    """Check that a list is not too long."""
    if len(values) > most:
        raise Invalid(f"Must not hold more than {most} items.", field=field)


def _check_list(kind: ARRAY[Any], values: list[Any], field: str) -> None:
    if not isinstance(kind.item_type, Text):
        if not values:
            raise Invalid("Must not be empty; leave it out instead.", field=field)
        check_size(values, field, MAXIMUM_EMBEDDING_NUMBERS)
        if not all(abs(value) <= _LARGEST_REAL for value in values):
            raise Invalid("Must hold numbers of single precision.", field=field)
        return
    check_size(values, field)
    for index, value in enumerate(values):
        check_name(value, f"{field}.{index}")


def _check_decimal(value: Decimal, field: str) -> None:
    exponent = value.as_tuple().exponent
    if (
        not isinstance(exponent, int)
        or value.adjusted() >= _COST_DIGITS
        or exponent < -_COST_DIGITS
    ):
        raise Invalid(
            f"Must be a decimal of at most {_COST_DIGITS} digits before and after the point.",
            field=field,
        )


def check_order(
    earlier: datetime | None, later: datetime | None, field: str, event: str = "the start"
) -> None:
    """Check that a time does not lie before the one that it follows, that of an event."""
    if earlier is not None and later is not None and later < earlier:
        raise Invalid(f"Must not lie before {event}.", field=field)
