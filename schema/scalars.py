"""Scalars: what may come in, and how it goes out.

Times, decimals and JSON leave as what orjson writes: a `datetime`, a string, an `orjson.Fragment`
of the text that PostgreSQL gave.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from resolvers.errors import Invalid

JSON = NewType("JSON", object)
BigInt = NewType("BigInt", int)

_FIRST_YEAR = 1900
_LAST_YEAR = 2200
# Python reads more than these: any character for the T, NULs, digits of other scripts, weeks
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,12})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)
# and underscores here, and exponents with which no sum can be computed
_DECIMAL = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?")
_MAX_DECIMAL_CHARACTERS = 100


def read_datetime(value: Any) -> datetime:
    """Read an RFC 3339 time with its offset, between 1900 and 2200. Raises `Invalid`."""
    try:
        time = datetime.fromisoformat(value if _DATE_TIME.fullmatch(value) else "")
    except (TypeError, ValueError) as error:
        raise Invalid("Give a time as RFC 3339, such as 2026-01-31T12:00:00Z.") from error
    if time.tzinfo is None:
        raise Invalid("Give the time's offset, such as the Z of 2026-01-31T12:00:00Z.")
    if not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        raise Invalid(f"Give a time between {_FIRST_YEAR} and {_LAST_YEAR}.")
    return time.astimezone(UTC)


def read_decimal(value: Any) -> Decimal:
    """Read a finite decimal from a string or number. Raises `Invalid`."""
    text = str(value)
    if len(text) > _MAX_DECIMAL_CHARACTERS or not _DECIMAL.fullmatch(text):
        raise Invalid('Give a decimal as a string, such as "0.0123".')
    return Decimal(text)


def read_big_int(value: Any) -> int:
    """Read a whole number of 64 bits. Raises `Invalid`."""
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise Invalid("Give a whole number of 64 bits.")
    return value


def _unchanged(value: Any) -> Any:
    return value


SCALARS: Mapping[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description=(
            "Any JSON value. At most 64 levels deep and 8,000,000 bytes; no NUL characters; "
            "numbers of 2^64 or more must be sent as strings."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_unchanged,
        parse_value=_unchanged,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, as a JSON number.",
        serialize=_unchanged,
        parse_value=read_big_int,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment as RFC 3339, given back in UTC to the microsecond "
            "(2026-01-31T12:00:00.000001Z). Between the years 1900 and 2200."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_unchanged,
        parse_value=read_datetime,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as a string, so that no digit is lost.",
        serialize=str,
        parse_value=read_decimal,
    ),
}
"""The scalars of the schema, by their Python type."""
