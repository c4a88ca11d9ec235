from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models import Session
from resolvers.identifiers import table_of
from resolvers.kept_rows import (
    FromRow,
    KeptRow,
    NotKnownYetError,
    Now,
    UnreadValues,
    known,
)

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


LOOKS: list[Callable[[Any], Any]] = [
    bool,
    str,
    hash,
    lambda value: value == 1,
    lambda value: value < 1,
    lambda value: value.hex,
]


@pytest.mark.parametrize("look", LOOKS)
def test_what_is_not_known_yet_cannot_be_looked_at(look: Callable[[Any], Any]) -> None:
    for later in (Now(), FromRow({}, "sequence")):
        with pytest.raises(NotKnownYetError):
            look(later)


def test_a_row_that_is_not_read_is_known_when_it_is_written() -> None:
    kept = KeptRow(table_of(Session), UnreadValues(status="ACTIVE"), is_unread=True)
    row = kept.row
    sequence = row.event_sequence - 3 + 1
    assert row.status == "ACTIVE"
    kept.values.update({"event_sequence": 7, "id": 1})
    kept.settle(MOMENT)
    assert known(sequence, MOMENT) == 5
    assert row.event_sequence == 7


def test_the_time_is_the_transactions_or_later() -> None:
    later = MOMENT + timedelta(days=1)
    assert known([Now(), Now(later), Now(MOMENT - timedelta(days=1)), 1], MOMENT) == [
        MOMENT,
        later,
        MOMENT,
        1,
    ]
