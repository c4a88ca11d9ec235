"""Headers by their names."""

import time

from server.http.request_record import read_headers


def test_what_was_sent_twice_is_one_list() -> None:
    sent = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]
    assert read_headers({"headers": sent}) == {b"a": b"1, 3", b"b": b"2"}


def test_tens_of_thousands_take_no_time() -> None:
    sent = [(b"%d" % number, b"") for number in range(50_000)] * 2
    started = time.process_time()
    assert len(read_headers({"headers": sent})) == 50_000
    assert time.process_time() - started < 2
