"""What pools are there for, counted by queries, and what is known where that fails."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.shell.test_loop import KEY

from builders import START, published
from poolkeeper.core.costing import Costing, Unit
from poolkeeper.core.economics import Count
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import units
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.prometheus import Element, QueryRefusedError
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.reckoning import Reckoning

ORDERS = Unit("order", "sum(increase(orders_total[1d]))")


class Server:
    """Answers every query alike; an exception is raised."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    async def query(self, promql):
        self.asked.append(promql)
        if isinstance(self.answer, Exception):
            raise self.answer
        return [Element({}, 0.0, value) for value in self.answer]


def pool(*known, uid="uid-1"):
    return SimpleNamespace(uid=uid, key=KEY, core=published(cost=Costing(units=known)), reckoning=Reckoning())


async def counts(answer, *known):
    one = pool(*known)
    await units.count(BatchReader({"default": Server(answer)}), [one], START)
    return one.reckoning.counts


async def test_a_unit_is_counted():
    assert await counts([4200.0], ORDERS) == {"order": Count(4200.0, "")}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([], "the answer holds no such series: the query gives nothing"),
        ([1.0, 2.0], "the query gives several elements where one is meant: the query gives 2 elements"),
        ([float("nan")], "the value is NaN: {} is nan"),
        ([-1.0], "the value is negative: {} is -1.0"),
        (QueryRefusedError(Reason.METRIC_SERVER_ERROR, "400"), "the answer was an error: 400"),
        (MetricError(Reason.METRIC_TIMEOUT, ""), "no answer came in time"),
        (MetricError(Reason.METRIC_REFUSED, "no route"), "the connection was refused or broke: no route"),
    ],
)
async def test_what_cannot_be_counted_has_words_and_no_number(answer, words):
    assert await counts(answer, ORDERS) == {"order": Count(None, words)}


async def test_a_server_that_the_administrator_does_not_name_is_never_asked():
    found = await counts([1.0], Unit("order", "x", server="http://elsewhere"))
    words = "the administrator configured no such server: 'http://elsewhere' is not configured; there are: default"
    assert found["order"] == Count(None, words)


async def test_an_old_count_does_not_outlive_a_failure():
    one, server = pool(ORDERS), Server([5.0])
    for server.answer in ([5.0], []):
        await units.count(BatchReader({"default": server}), [one], START)
    assert one.reckoning.counts["order"].number is None


async def test_each_pool_has_its_own_counts():
    one, other = pool(ORDERS), pool(Unit("visit", "y"), uid="uid-2")
    await units.count(BatchReader({"default": Server([5.0])}), [one, other], START)
    assert (set(one.reckoning.counts), set(other.reckoning.counts)) == ({"order"}, {"visit"})


async def test_a_pool_that_is_not_understood_has_none():
    one = pool()
    one.core = None
    await units.count(BatchReader({}), [one], START)
    assert one.reckoning.counts == {}


async def test_it_goes_on_until_it_is_cancelled(monkeypatch):
    monkeypatch.setattr(units, "EVERY", units.EVERY / 1e6)
    one, server, enough = pool(ORDERS), Server([5.0]), asyncio.Event()

    def now():
        if len(server.asked) > 1:
            enough.set()
        return START

    task = asyncio.create_task(units.run(BatchReader({"default": server}), [one], now))
    await enough.wait()
    task.cancel()
    assert len(server.asked) > 1
