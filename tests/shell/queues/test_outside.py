"""Sources that are asked for by themselves: what is found becomes a reading, whatever goes wrong one with a fault."""

import asyncio
from datetime import timedelta

import pytest

from builders import START
from poolkeeper.core.model import ExternalSource, RedisSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.outside import Found, Outside

JOBS = ExternalSource("jobs", "waiting")


class Answering:
    """Finds the same each time; an exception is raised."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    async def depth(self, namespace, source):
        self.asked.append((namespace, source.name))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Hanging:
    """Never answers."""

    async def depth(self, namespace, source):  # noqa: ARG002  a reader's
        await asyncio.Event().wait()


async def read(reader, source=JOBS, **known):
    return await Outside({ExternalSource: reader}, **known).read("inference", source, START)


async def test_what_is_found_is_the_reading():
    found = await read(Answering(Found(7, running=2)))
    assert (found.source, found.at, found.waiting, found.running) == ("jobs", START, 7, 2)


async def test_the_reader_is_told_whose_source_it_is():
    reader = Answering(Found(0))
    await read(reader)
    assert reader.asked == [("inference", "jobs")]


async def test_an_answer_that_is_older_than_itself_keeps_its_instant():
    found = await read(Answering(Found(7, at=START - timedelta(seconds=9))))
    assert found.at == START - timedelta(seconds=9)


async def test_an_answer_that_lacks_something_is_a_lower_bound():
    found = await read(Answering(Found(7, lacks="1 of 2 pickers do not answer")))
    assert (found.waiting, found.fault, found.detail) == (7, Reason.PODS_SILENT, "1 of 2 pickers do not answer")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Found(float("nan")), Reason.METRIC_NOT_A_NUMBER),
        (Found(-1), Reason.METRIC_NEGATIVE),
        (Found(1, running=float("inf")), Reason.METRIC_INFINITE),
        (MetricError(Reason.METRIC_EMPTY, "no such queue"), Reason.METRIC_EMPTY),
        (ConnectionRefusedError("refused"), Reason.METRIC_REFUSED),
        (KeyError("a bug"), Reason.METRIC_GARBAGE),
    ],
)
async def test_what_goes_wrong_is_the_readings_fault(answer, reason):
    found = await read(Answering(answer))
    assert (found.waiting, found.fault) == (None, reason)


async def test_nobody_is_waited_for_for_long():
    found = await read(Hanging(), patience=timedelta(milliseconds=10))
    assert found.fault is Reason.METRIC_TIMEOUT


async def test_a_kind_that_nobody_reads_is_a_fault():
    found = await read(Answering(Found(1)), RedisSource("jobs", "default", "jobs"))
    assert found.fault is Reason.METRIC_GARBAGE
