"""Every bad request of the corpus, sent to a server process."""

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.hostile.corpus import BadRequest, read_corpus
from tests.hostile.hostile_server import HostileServer
from tests.hostile.raw_connection import exchange
from tests.hostile.refused_answer import check_answer

CORPUS = read_corpus()
_LONGEST_SECONDS = 5
"""Within which a request and the read after it are answered; most take a few milliseconds."""
_ROUNDS = 4
_LARGE_BYTES = 20_000
_MEGABYTE = 1_000_000
_MOST_GROWTH_BYTES = 40 * _MEGABYTE


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_written(server: HostileServer) -> Iterator[None]:
    before = server.digest()
    yield
    assert server.digest() == before


def _send(server: HostileServer, request: BadRequest) -> None:
    sent = request.write(server.places)
    started = time.monotonic()
    answer = exchange(server.port, sent, method=request.method, ends=request.ends)
    check_answer(request, answer)
    server.check_point_read()
    assert time.monotonic() - started < _LONGEST_SECONDS
    log = server.new_log()
    assert "Traceback" not in log, log
    assert '"level":"error"' not in log, log
    assert server.places["key"] not in log


@pytest.mark.parametrize("request_", CORPUS, ids=lambda each: f"{each.group}: {each.name}")
def test_a_bad_request_is_refused_in_plain_words(
    server: HostileServer, request_: BadRequest
) -> None:
    _send(server, request_)


def test_memory_does_not_grow(server: HostileServer) -> None:
    sent = [request.write(server.places) for request in CORPUS]
    large = [each for each in sent if len(each) > _LARGE_BYTES]
    after_first = 0
    for _ in range(_ROUNDS):
        for each in large:
            exchange(server.port, each)
        after_first = after_first or server.resident_bytes()
    growth = server.resident_bytes() - after_first
    assert growth < _MOST_GROWTH_BYTES, growth / _MEGABYTE


def test_there_are_enough_bad_requests() -> None:
    names = Counter((request.group, request.name) for request in CORPUS)
    assert names.total() >= 300
    assert max(names.values()) == 1
