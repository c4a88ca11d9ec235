import asyncio

import pytest

from server.time_limit import TimeIsUp, TimeLimit


async def _give(value: int) -> int:
    await asyncio.sleep(0)
    return value


async def test_what_ends_in_time_gives_its_result() -> None:
    limit = TimeLimit(10)
    assert await asyncio.gather(*[limit.run(_give(each)) for each in range(3)]) == [0, 1, 2]


async def test_what_takes_too_long_is_stopped_and_the_rest_goes_on() -> None:
    limit = TimeLimit(0.05)
    stopped = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(1)
            raise

    async def give_often() -> int:
        return sum([await limit.run(_give(1)) for _ in range(100)])

    *late, given = await asyncio.gather(
        *[limit.run(wait()) for _ in range(3)], give_often(), return_exceptions=True
    )
    assert [type(each) for each in late] == [TimeIsUp] * 3
    assert given == 100
    assert len(stopped) == 3
    # and again, when nothing was running for a while
    with pytest.raises(TimeIsUp):
        await limit.run(wait())


async def test_limits_stand_within_one_another() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    outer = TimeLimit(0.02)
    with pytest.raises(TimeIsUp):
        await outer.run(TimeLimit(60).run(wait()))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await TimeLimit(60).run(wait())


async def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    task = asyncio.create_task(TimeLimit(60).run(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_errors_pass() -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await TimeLimit(60).run(fail())
