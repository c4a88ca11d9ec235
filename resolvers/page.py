"""Keyset pages: what a client asks for, and the cursors it is given.

A cursor carries the values of the order's columns in its row, and the signature of the connection,
order and filter that it was made for; with others it is refused. A null counts as the least value
of its column, so that no row is lost behind it.
https://relay.dev/graphql/connections.htm
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import Column, ColumnElement, Row, Table, tuple_

from models.base import least_value, never_null
from resolvers.errors import Invalid
from resolvers.filters import Filter, with_parameters
from resolvers.parameter import Parameter, bound

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
    """The arguments of a connection; cursors are as the client gave them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None
    order: Order | None = None
    filter: Filter | None = None


@dataclass(frozen=True)
class Page:
    """A page to load: `size` rows after or before a position, read from the end if `backward`."""

    order: Order
    signature: str
    size: int = DEFAULT_PAGE_SIZE
    backward: bool = False
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    filter: Filter | None = None

    def with_parameters(self, prefix: str) -> tuple["Page", dict[str, Any]]:
        """Give the page with parameters in place of its values, and the values by their names.

        Pages that differ in nothing but values are then equal, and share a statement.
        """
        values: dict[str, Any] = {f"{prefix}_size": self.size + 1}

        def position(name: str, given: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
            if given is None:
                return None
            named = [(f"{prefix}_{name}_{place}", value) for place, value in enumerate(given)]
            values.update((each, value) for each, value in named if value is not None)
            return tuple(None if value is None else Parameter(each) for each, value in named)

        wanted = self.filter and with_parameters(self.filter, f"{prefix}_filter", values)
        after, before = position("after", self.after), position("before", self.before)
        return Page(self.order, "", 0, self.backward, after, before, wanted), values

    def trim(self, rows: Sequence[Any]) -> Sequence[Any]:
        """Give the page's rows, in the connection's order, of those that its statement gave."""
        if len(rows) > self.size:  # by one, if at all
            rows = rows[: self.size]
        return rows[::-1] if self.backward else rows

    def cut(self, rows: Sequence[Any]) -> "PageRows":
        """Cut the page out of the rows that its statement gave."""
        own, more = self.trim(rows), len(rows) > self.size
        if self.backward:
            return PageRows(own, has_next=self.before is not None, has_previous=more)
        return PageRows(own, has_next=more, has_previous=self.after is not None)

    def cursor(self, row: Row[Any]) -> str:
        """Make the cursor of a row of this page."""
        return write_cursor([getattr(row, name) for name in self.order.columns], self.signature)


class PageRows(NamedTuple):
    """A loaded page, in the connection's order."""

    rows: Sequence[Row[Any]]
    has_next: bool
    has_previous: bool


def read_page(arguments: PageArguments, connection: str, table: Table, order: Order) -> Page:
    """Check a connection's arguments; `connection` and `order` are its name and own order.

    Raises `Invalid`, naming the argument at fault.
    """
    if arguments.first is not None and arguments.last is not None:
        raise Invalid("Give `first` or `last`, not both.", field="last")
    for name, size in (("first", arguments.first), ("last", arguments.last)):
        if size is not None and not 0 <= size <= MAXIMUM_PAGE_SIZE:
            raise Invalid(f"`{name}` must be between 0 and {MAXIMUM_PAGE_SIZE}.", field=name)
    order = arguments.order or order
    signature = signature_of(connection, order, arguments.filter)
    size = arguments.last if arguments.last is not None else arguments.first
    columns = [table.c[name] for name in order.columns]
    return Page(
        order,
        signature,
        size=DEFAULT_PAGE_SIZE if size is None else size,
        backward=arguments.last is not None,
        after=_read_cursor(arguments.after, "after", columns, signature),
        before=_read_cursor(arguments.before, "before", columns, signature),
        filter=arguments.filter,
    )


@lru_cache(1024)
def signature_of(connection: str, order: Order, filter_: Filter | None = None) -> str:
    """Sign a connection, its order and its filter in a few characters."""
    text = repr((connection, order, filter_))
    return sha256(text.encode()).hexdigest()[:8]


def write_cursor(values: Sequence[Any], signature: str) -> str:
    """Make the cursor of a row, from its values of the order's columns."""
    # microseconds, since a cursor must tell rows of the same second apart
    written = [
        (value - _EPOCH) // timedelta(microseconds=1)
        if isinstance(value, datetime)
        else str(value)
        if isinstance(value, (UUID, Decimal))
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
                "The cursor is of another connection, order or filter; start again without it.",
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
    if value is None and column.nullable:
        return None
    if kind is datetime:
        return _EPOCH + timedelta(microseconds=value)
    if kind is UUID:
        return UUID(value)
    if kind is float and isinstance(value, int):
        kind = int
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(kind)
    if kind is int and not -_BEYOND_INTEGER <= value < _BEYOND_INTEGER:
        raise OverflowError(value)
    if isinstance(value, str) and "\x00" in value:
        raise ValueError(value)
    return value


def beyond(
    table: Table, order: Order, position: tuple[Any, ...], *, greater: bool
) -> ColumnElement[bool]:
    """Give the keyset condition: rows behind (`greater`) or before a position."""
    columns = [table.c[name] for name in order.columns]
    left = tuple_(*[never_null(column) for column in columns])
    right = tuple_(
        *[
            least_value(column) if value is None else bound(value, column.type)
            for column, value in zip(columns, position, strict=True)
        ]
    )
    condition: ColumnElement[bool] = left > right if greater else left < right
    return condition


def ordering(table: Table, order: Order, *, backward: bool = False) -> list[ColumnElement[Any]]:
    """Give the columns to order by, from the last row on if `backward`."""
    columns = [never_null(table.c[name]) for name in order.columns]
    descending = order.descending != backward
    return [column.desc() if descending else column.asc() for column in columns]
