"""A night of work that can wait, lived: what it costs beside all of it at once, in time, with what is given back."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.machines import ENDLESS, Startup, Stock
from poolkeeper.core.model import ON_DEMAND, Batch, CapacityType, Fallback, PoolSpec, Queue, Tier
from poolkeeper.core.world import Ground, World
from poolkeeper.simulate.batch import coming, constant, live, wanted, worker

START = datetime(2026, 3, 2, 20, tzinfo=UTC)
SIX = START + timedelta(hours=10)
JOB, STEP = timedelta(minutes=1), timedelta(seconds=30)
SPOT = Tier("spot", CapacityType.SPOT, fallback=Fallback(max_replicas=0))
SPEC = PoolSpec(0, 10, queue=Queue(interval=STEP), batch=Batch(daily=time(6), job_time=JOB), tiers=(SPOT, ON_DEMAND))


def night(stock=ENDLESS, look=None, jobs=None):
    """Return what 2,000 jobs come to by six in the morning."""
    ground = Ground(
        engine=worker(JOB),
        startup=Startup(timedelta(minutes=2)),
        prices={"on-demand": Decimal(3), "spot": Decimal(1)},
        stock={"spot": stock},
        redelivers=True,
    )
    traffic = coming(START, timedelta(hours=11), jobs or {timedelta(0): 2000}, STEP)
    return live(look or wanted(SPEC), World(ground, SPEC, START, {}), traffic)


def test_a_night_on_spot_is_done_in_time_at_a_third_of_the_price():
    lived, dear = night(), night(look=constant(10))
    assert lived.done_at <= SIX
    assert lived.replica_hours["on-demand"] == 0
    assert lived.cost / dear.cost < Decimal("0.4")


def test_all_at_once_is_done_soonest():
    lived = night(look=constant(10))
    assert lived.done_at - START == pytest.approx(timedelta(minutes=202), abs=timedelta(minutes=1))


@pytest.mark.parametrize("stock", [Stock(reclaims=2.0), Stock(ticks=((0.0, 10), (7200.0, 0)))])
def test_whatever_is_reclaimed_it_is_done_in_time(stock):
    assert night(stock).done_at <= SIX


def test_what_is_reclaimed_is_given_back():
    assert night(Stock(reclaims=2.0)).given_back > 0


def test_work_that_comes_later_is_done_in_time_too():
    lived = night(jobs={timedelta(0): 500, timedelta(hours=3): 500, timedelta(hours=6): 500})
    assert lived.done_at <= SIX


def test_what_cannot_be_done_in_time_is_not():
    tight = replace(SPEC, max_replicas=1)
    assert night(look=wanted(tight)).done_at is None
