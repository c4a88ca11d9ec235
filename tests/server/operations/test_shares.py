"""Turns and budgets, by the public face of `Shares`: nothing here waits for a clock."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from server.caller import Caller
from server.operations import shares as module
from server.operations.errors import RateLimited
from server.operations.shares import Budget, Share, Shares, Turn
from server.settings import Settings

MINE, THEIRS = Caller(1, identity="mine"), Caller(2, identity="theirs")


async def _is_waiting(shares: Shares, share: Share, weight: int, stack: AsyncExitStack) -> bool:
    """Ask for a turn, and tell whether it has to wait; the stack ends it."""
    asked = asyncio.create_task(_take(shares, share, weight, stack))
    for _ in range(3):
        await asyncio.sleep(0)
    if asked.done():
        return False
    stack.callback(asked.cancel)
    return True


async def _take(shares: Shares, share: Share, weight: int, stack: AsyncExitStack) -> None:
    await stack.enter_async_context(Turn(shares, share, weight))


async def test_a_caller_alone_runs_as_much_as_the_settings_allow() -> None:
    shares = Shares(Settings(max_concurrent_operations_per_key=5))
    share = shares.of(MINE)
    async with AsyncExitStack() as stack:
        waits = [await _is_waiting(shares, share, 10_000, stack) for _ in range(6)]
    assert waits == [False] * 5 + [True]
    assert (share.running, share.weight, len(share.waiting)) == (0, 0, 0)


async def test_beside_others_a_caller_runs_little_at_once() -> None:
    shares = Shares(Settings())
    share = shares.of(MINE)
    shares.of(THEIRS)
    async with AsyncExitStack() as stack:
        waits = [await _is_waiting(shares, share, 1, stack) for _ in range(5)]
    assert waits == [False] * 3 + [True] * 2


async def test_beside_others_heavy_operations_run_one_at_a_time() -> None:
    shares = Shares(Settings())
    share = shares.of(MINE)
    shares.of(THEIRS)
    async with AsyncExitStack() as stack:
        assert not await _is_waiting(shares, share, 10_000, stack)
        assert await _is_waiting(shares, share, 1, stack)
        # the flood of one keeps nobody else waiting
        assert not await _is_waiting(shares, shares.of(THEIRS), 1, stack)


async def test_beside_others_a_caller_rests_after_a_heavy_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_REST", 10_000)  # the operation is over in no time
    shares = Shares(Settings())
    share = shares.of(MINE)
    shares.of(THEIRS)
    async with Turn(shares, share, 1_000):
        pass
    assert share.rests == 1
    async with asyncio.timeout(5), Turn(shares, share, 1):
        assert share.rests == 0


async def test_who_waits_begins_when_the_others_have_fallen_silent() -> None:
    shares = Shares(Settings())
    share = shares.of(MINE)
    shares.of(THEIRS)
    async with asyncio.timeout(5), Turn(shares, share, 1_000), Turn(shares, share, 1):
        assert share.running == 2


async def test_who_waits_goes_in_turn() -> None:
    shares = Shares(Settings(max_concurrent_operations_per_key=1))
    share = shares.of(MINE)
    came: list[int] = []

    async def work(number: int) -> None:
        async with Turn(shares, share, 1):
            came.append(number)
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(work(number)) for number in range(5)]
    await asyncio.sleep(0)
    tasks[2].cancel()
    await asyncio.wait(tasks)
    assert came == [0, 1, 3, 4]
    assert (share.running, share.weight, len(share.waiting)) == (0, 0, 0)


async def test_a_turn_that_comes_as_its_request_is_stopped_goes_on_to_the_next() -> None:
    shares = Shares(Settings(max_concurrent_operations_per_key=1))
    share = shares.of(MINE)
    async with AsyncExitStack() as stack:
        first = AsyncExitStack()
        await _take(shares, share, 1, first)
        stopped = asyncio.create_task(_take(shares, share, 1, stack))
        await asyncio.sleep(0)
        await first.aclose()  # its turn comes
        stopped.cancel()
        await asyncio.wait([stopped])
        assert not await _is_waiting(shares, share, 1, stack)
    assert share.running == 0


def test_too_many_requests_are_refused() -> None:
    shares = Shares(Settings(max_requests_per_key=2))
    share = shares.of(MINE)
    with shares.request(share), shares.request(share):
        with pytest.raises(RateLimited) as refused, shares.request(share):
            pass
        with shares.request(shares.of(THEIRS)):
            pass
    assert refused.value.extensions == {
        "limit": "requests under way",
        "value": 2,
        "allowed": 2,
        "retryAfterSeconds": 1,
    }
    with shares.request(share):
        assert share.requests == 1


def test_too_many_bytes_are_refused() -> None:
    shares = Shares(Settings(max_body_bytes_per_key=100))
    share = shares.of(MINE)
    with shares.request(share) as first:
        first.add_bytes(60)
        with pytest.raises(RateLimited) as refused, shares.request(share) as second:
            second.add_bytes(60)
        first.add_bytes(40)
    assert refused.value.extensions["limit"] == "bytes of requests under way"
    assert share.body_bytes == 0


def test_who_reads_no_answers_is_refused() -> None:
    shares = Shares(Settings(max_response_bytes_per_key=100))
    share = shares.of(MINE)
    with shares.request(share) as first:
        first.add_answer(100)
        with pytest.raises(RateLimited) as refused, shares.request(share):
            pass
        with shares.request(shares.of(THEIRS)):
            pass
    assert refused.value.extensions["limit"] == "bytes of answers under way"
    with shares.request(share):
        assert share.answer_bytes == 0


def test_a_budget_fills_with_time_up_to_a_minutes_worth() -> None:
    budget = Budget("cost", 600, 600, since=0)
    budget.available = -100
    assert budget.fill(5) == -50
    assert budget.fill(20) == 100
    assert budget.fill(1_000) == 600


def test_an_overdrawn_budget_says_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "monotonic", lambda: 0.0)
    budget = Budget("cost", 600, 600, since=0)
    budget.spend(700)
    with pytest.raises(RateLimited) as refused:
        budget.spend(1)
    assert refused.value.extensions == {
        "limit": "cost a minute",
        "value": 700,
        "allowed": 600,
        "retryAfterSeconds": 10,
    }
    assert budget.available == -100


def test_callers_without_a_key_have_no_budget() -> None:
    share = Shares(Settings()).of(Caller(1))
    assert share.cost is None
    assert share.new_documents is None


def test_few_shares_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT_SHARES", 2)
    shares = Shares(Settings())
    busy = shares.of(Caller(1, identity=0))
    busy.requests = 1
    idle = shares.of(Caller(1, identity=1))
    for identity in (2, 3):
        shares.of(Caller(1, identity=identity))
    assert shares.of(Caller(1, identity=0)) is busy
    assert shares.of(Caller(1, identity=1)) is not idle
