"""Answers that are kept for a while: one request for many looks, and refusals kept too."""

import asyncio
from datetime import timedelta

import pytest

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.kept import LEFT, Kept, Lasts

REFUSED = MetricError(Reason.METRIC_REFUSED, "no")
LASTS = Lasts(timedelta(seconds=30), timedelta(seconds=5))


class Asked:
    """Answers by turns, and stands still until it is moved."""

    def __init__(self, *answers):
        self.answers, self.keys, self.now = list(answers), [], 0.0
        self.kept = Kept(self.answer, LASTS, lambda: self.now)

    async def answer(self, key):
        self.keys.append(key)
        await asyncio.sleep(0)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def at(self, seconds, key="a"):
        self.now = seconds
        return await self.kept.get(key)


async def test_an_answer_is_given_again_while_it_lasts():
    asked = Asked(1, 2)
    assert [await asked.at(0), await asked.at(29.9), await asked.at(30)] == [1, 1, 2]


async def test_a_refusal_is_kept_more_briefly():
    asked = Asked(REFUSED, 1)
    for second in (0, 4.9):
        with pytest.raises(MetricError, match="no"):
            await asked.at(second)
    assert await asked.at(5) == 1


async def test_who_comes_meanwhile_waits_for_the_same_answer():
    asked = Asked(1)
    assert await asyncio.gather(*(asked.at(0) for _ in range(5))) == [1] * 5


async def test_keys_are_asked_for_apart():
    asked = Asked(1, 2)
    assert [await asked.at(0, "a"), await asked.at(0, "b")] == [1, 2]


async def test_what_nobody_asks_for_any_more_is_forgotten():
    asked = Asked(1, 2)
    await asked.at(0, "a")
    await asked.at(31 + LEFT.total_seconds(), "b")
    assert list(asked.kept._known) == list(asked.kept._turns) == ["b"]  # noqa: SLF001
