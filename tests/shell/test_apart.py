"""Parts that may end: they begin anew after rests, and are named meanwhile."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from poolkeeper.shell import apart
from poolkeeper.shell.apart import Apart


class Part:
    """Goes wrong so many times, and is done the next time."""

    def __init__(self, wrong):
        self.wrong, self.runs = wrong, 0

    async def run(self):
        self.runs += 1
        if self.runs <= self.wrong:
            raise ValueError("no such page")


@pytest.fixture
def rests(monkeypatch):
    """Let no time pass, and remember how long each rest would have been."""
    found, sleep = [], asyncio.sleep

    async def rest(seconds):
        found.append(seconds)
        await sleep(0)

    monkeypatch.setattr(apart.asyncio, "sleep", rest)
    return found


async def test_a_part_that_ended_begins_anew_after_rests_that_double(rests):
    part = Part(3)
    await Apart().run("prices", part.run)
    assert (part.runs, rests) == (4, [1, 2, 4])


async def test_no_rest_is_longer_than_five_minutes(rests):
    await Apart().run("prices", Part(20).run)
    assert max(rests) == 300


async def test_one_that_had_lasted_rests_but_a_moment(rests, monkeypatch):
    monkeypatch.setattr(apart, "LONGEST", timedelta(0))
    await Apart().run("prices", Part(1).run)
    assert rests == [1]


async def test_one_that_rests_is_named(monkeypatch):
    parts = Apart()

    async def ended(_):
        raise asyncio.CancelledError

    monkeypatch.setattr(apart.asyncio, "sleep", ended)
    with suppress(asyncio.CancelledError):
        await parts.run("prices", Part(1).run)
    assert parts.problems() == ["prices: ended with ValueError('no such page'), and begins anew"]


async def test_one_that_runs_again_is_named_no_more(rests):
    parts = Apart()
    await parts.run("prices", Part(1).run)
    assert (rests, parts.problems()) == ([1], [])
