"""The arguments and cursors of connections."""

import base64
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Message, Session
from resolvers.errors import Invalid
from resolvers.identifiers import table_of
from resolvers.page import Order, PageArguments, read_page, signature_of, write_cursor

NEWEST = Order(("created_at", "id"), descending=True)
NUMBERED = Order(("sequence",))
SIGNATURE = signature_of("sessions", NEWEST)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


class Position(NamedTuple):
    created_at: datetime
    id: UUID


def _position(moment: datetime) -> Any:
    return Position(moment, UUID(int=1))


def forge(value: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


def read(order: Order, **arguments: Any) -> Any:
    table = table_of(Session if order is NEWEST else Message)
    name = "sessions" if order is NEWEST else "messages"
    return read_page(PageArguments(**arguments), name, table, order)


def _after(order: Order, values: list[Any]) -> tuple[Any, ...] | None:
    """The position that a forged cursor means; None where it is refused."""
    with suppress(Invalid):
        after: tuple[Any, ...] = read(order, after=forge(values)).after
        return after
    return None


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.uuids(),
)
def test_a_cursor_is_read_as_it_was_written(moment: datetime, key: UUID) -> None:
    row: Any = Position(moment, key)
    assert read(NEWEST, after=write_cursor(row, SIGNATURE)).after == (moment, key)


@given(JSON)
def test_no_document_is_a_cursor_by_chance(document: Any) -> None:
    with pytest.raises(Invalid) as raised:
        read(NEWEST, after=forge(document))
    assert raised.value.field == "after"


@given(st.lists(JSON, max_size=3))
def test_a_forged_cursor_is_refused_or_means_a_position(values: list[Any]) -> None:
    after = _after(NEWEST, [SIGNATURE, *values])
    if after is not None:
        moment, key = after
        assert isinstance(moment, datetime)
        assert isinstance(key, UUID)


@given(JSON)
def test_a_forged_number_is_refused_or_fits_its_column(value: Any) -> None:
    after = _after(NUMBERED, [signature_of("messages", NUMBERED), value])
    assert after is None or -(2**31) <= after[0] < 2**31


@pytest.mark.parametrize(
    ("values", "is_position"),
    [
        ([0, str(UUID(int=1))], True),
        ([0], False),
        ([0, str(UUID(int=1)), 0], False),
        (["0", str(UUID(int=1))], False),
        ([0, "1"], False),
        ([0, 1], False),
        ([None, None], False),
        ([2**63, str(UUID(int=1))], False),
        ([[], {}], False),
    ],
)
def test_a_cursor_has_the_values_of_its_order(values: list[Any], is_position: bool) -> None:
    cursor = forge([SIGNATURE, *values])
    if is_position:
        assert read(NEWEST, after=cursor).after is not None
    else:
        with pytest.raises(Invalid, match="Not a cursor"):
            read(NEWEST, after=cursor)


def test_signatures_tell_connections_and_orders_apart() -> None:
    signatures = {
        signature_of(name, Order(columns, is_descending))
        for name in ("sessions", "sessions.parent_id", "messages.session_id")
        for columns in (("created_at", "id"), ("id", "created_at"), ("sequence",))
        for is_descending in (True, False)
    }
    assert len(signatures) == 18


def test_the_size_of_a_page() -> None:
    assert (read(NUMBERED).size, read(NUMBERED).backward) == (20, False)
    assert (read(NUMBERED, first=0).size, read(NUMBERED, first=200).size) == (0, 200)
    assert (read(NUMBERED, last=7).size, read(NUMBERED, last=7).backward) == (7, True)


def test_a_cursor_keeps_each_microsecond() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    cursors = {
        write_cursor(row, SIGNATURE)
        for number in range(3)
        for row in [_position(moment + timedelta(microseconds=number))]
    }
    assert len(cursors) == 3
