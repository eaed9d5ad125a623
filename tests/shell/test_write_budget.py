import asyncio
from datetime import timedelta

import pytest

from poolkeeper.shell.write_budget import Priority, WriteBudget

LONG = timedelta(seconds=30)


async def write(budget, log, name, priority=Priority.STATUS):
    async with budget.turn(priority, LONG):
        log.append(name)
        await asyncio.sleep(0)


async def test_no_more_than_the_limit_are_under_way():
    budget, under_way, most = WriteBudget(concurrent=3), 0, 0

    async def count():
        nonlocal under_way, most
        async with budget.turn(Priority.STATUS, LONG):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(count() for _ in range(12)))
    assert most == 3


async def test_scale_ups_go_first_then_scale_downs_then_the_rest():
    budget, log = WriteBudget(concurrent=1), []
    kinds = [Priority.STATUS, Priority.STATUS, Priority.SCALE_DOWN, Priority.SCALE_UP]
    await asyncio.gather(*(write(budget, log, f"{turn}", kind) for turn, kind in enumerate(kinds)))
    assert log == ["0", "3", "2", "1"]


async def test_equals_go_in_the_order_they_came():
    budget, log = WriteBudget(concurrent=1), []
    await asyncio.gather(*(write(budget, log, turn) for turn in range(5)))
    assert log == [0, 1, 2, 3, 4]


async def test_a_burst_is_let_through_and_the_rest_paced():
    """20 at once, and 10 more at 20 a second take half a second."""
    budget, log = WriteBudget(per_second=20), []
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(*(write(budget, log, turn) for turn in range(30)))
    assert 0.45 < loop.time() - started < 2


async def test_patience_ends():
    budget = WriteBudget(concurrent=1)
    async with budget.turn(Priority.STATUS, LONG):
        with pytest.raises(TimeoutError):
            await budget.turn(Priority.SCALE_UP, timedelta(milliseconds=1)).__aenter__()


async def test_one_that_gave_up_takes_no_place():
    budget, log = WriteBudget(concurrent=1), []
    async with budget.turn(Priority.STATUS, LONG):
        with pytest.raises(TimeoutError):
            await budget.turn(Priority.SCALE_UP, timedelta(milliseconds=1)).__aenter__()
    await write(budget, log, "next")
    assert log == ["next"]


async def test_one_cancelled_in_the_moment_of_its_grant_gives_it_back():
    budget, log = WriteBudget(concurrent=1), []
    holding = budget.turn(Priority.STATUS, LONG)
    await holding.__aenter__()
    waiting = asyncio.create_task(write(budget, log, "cancelled"))
    await asyncio.sleep(0)
    await holding.__aexit__(None, None, None)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(write(budget, log, "next"), 1)
    assert log == ["next"]


async def test_a_failed_write_gives_its_place_back():
    budget, log = WriteBudget(concurrent=1), []
    with pytest.raises(ZeroDivisionError):
        async with budget.turn(Priority.STATUS, LONG):
            raise ZeroDivisionError
    await asyncio.wait_for(write(budget, log, "next"), 1)
    assert log == ["next"]
