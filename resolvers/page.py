"""Keyset pages: what a client asks for, and the cursors it is given.

A cursor carries the values of the order's columns in its row, and the signature of the connection
and order that it was made for; with another connection or order it is refused.
https://relay.dev/graphql/connections.htm
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Row, Table, tuple_

from resolvers.errors import Invalid

DEFAULT_PAGE_SIZE = 20
MAXIMUM_PAGE_SIZE = 200

_BEYOND_INTEGER = 2**31
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Order:
    """Columns to order by, all in one direction; together they are unique under a parent."""

    columns: tuple[str, ...]
    descending: bool = False


@dataclass(frozen=True)
class PageArguments:
    """The arguments of a connection as the client gave them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


@dataclass(frozen=True)
class Page:
    """A page to load: `size` rows after or before a position, read from the end if `backward`."""

    size: int = DEFAULT_PAGE_SIZE
    backward: bool = False
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class PageRows:
    """A loaded page, in the connection's order."""

    rows: Sequence[Row[Any]]
    has_next: bool
    has_previous: bool


def read_page(arguments: PageArguments, table: Table, order: Order, signature: str) -> Page:
    """Check a connection's arguments. Raises `Invalid`, naming the one at fault."""
    if arguments.first is not None and arguments.last is not None:
        raise Invalid("Give `first` or `last`, not both.", field="last")
    for name, size in (("first", arguments.first), ("last", arguments.last)):
        if size is not None and not 0 <= size <= MAXIMUM_PAGE_SIZE:
            raise Invalid(f"`{name}` must be between 0 and {MAXIMUM_PAGE_SIZE}.", field=name)
    backward = arguments.last is not None
    size = arguments.last if arguments.last is not None else arguments.first
    columns = [table.c[name] for name in order.columns]
    return Page(
        size=DEFAULT_PAGE_SIZE if size is None else size,
        backward=backward,
        after=_read_cursor(arguments.after, "after", columns, signature),
        before=_read_cursor(arguments.before, "before", columns, signature),
    )


def signature_of(name: str, order: Order) -> str:
    """Sign a connection and its order in a few characters."""
    text = f"{name} {','.join(order.columns)} {order.descending}"
    return sha256(text.encode()).hexdigest()[:8]


def write_cursor(row: Row[Any], order: Order, signature: str) -> str:
    """Make the cursor of a row."""
    values = [getattr(row, name) for name in order.columns]
    # microseconds, since a cursor must tell rows of the same second apart
    written = [
        (value - _EPOCH) // timedelta(microseconds=1)
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, UUID)
        else value
        for value in values
    ]
    return base64.urlsafe_b64encode(orjson.dumps([signature, *written])).rstrip(b"=").decode()


def _read_cursor(
    cursor: str | None, field: str, columns: Sequence[Column[Any]], signature: str
) -> tuple[Any, ...] | None:
    if cursor is None:
        return None
    malformed = Invalid(
        "Not a cursor; give an `endCursor`, `startCursor` or edge's `cursor` as it was returned.",
        field=field,
    )
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise malformed from error
    if not isinstance(values, list) or not values or values[0] != signature:
        if isinstance(values, list) and values and isinstance(values[0], str):
            raise Invalid(
                "This cursor belongs to another connection or order; start again without it.",
                field=field,
            )
        raise malformed
    if len(values) != len(columns) + 1:
        raise malformed
    try:
        return tuple(
            _read_value(value, column) for value, column in zip(values[1:], columns, strict=True)
        )
    except (TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise malformed from error


def _read_value(value: Any, column: Column[Any]) -> Any:
    kind = column.type.python_type
    if kind is datetime:
        return _EPOCH + timedelta(microseconds=value)
    if kind is UUID:
        return UUID(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(kind)
    if kind is int and not -_BEYOND_INTEGER <= value < _BEYOND_INTEGER:
        raise OverflowError(value)
    return value


def beyond(
    columns: Sequence[ColumnElement[Any]], position: tuple[Any, ...], *, greater: bool
) -> ColumnElement[bool]:
    """Give the keyset condition: rows behind (`greater`) or before a position."""
    left = tuple_(*columns)
    condition: ColumnElement[bool] = left > position if greater else left < position
    return condition
