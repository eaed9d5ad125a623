"""Histories lived with few looks: the same as with many, and no transition is looked past."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core import fluid
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window
from poolkeeper.simulate.lives import LOOK, Flow, Stretch, live, machine, moments
from poolkeeper.simulate.proposal import Question
from poolkeeper.simulate.weekly import Timed
from traffic import MONDAY, Recipe, Shape, history, office, waves

OFFICE = Window("office", "0 8 * * Mon-Fri", "0 18 * * Mon-Fri", Limits(7))
POOL = PoolSpec(2, 8)
SCHEDULED = replace(POOL, schedule=Schedule((OFFICE,), lead_time=timedelta(minutes=4)))
QUESTION = Question(POOL, 10.0, timedelta(minutes=4), timedelta(seconds=2))
MACHINE = machine(QUESTION, 10.0)


def traffic(shape: Shape, days: int = 2, noise: float = 0.05) -> tuple[Timed, ...]:
    series = history(shape, Recipe(days=days, noise=noise))
    return (*((at, value or 0.0) for at, value in series.points), (series.end, 0.0))


def whole(flow: tuple[Timed, ...]) -> Stretch:
    return Stretch(flow, lambda _: True)


@pytest.mark.parametrize(("shape", "spec"), [(office, POOL), (office, SCHEDULED), (waves, POOL)])
def test_few_looks_come_to_what_many_come_to(shape, spec):
    flow, often = traffic(shape, 1), replace(spec, queue=replace(spec.queue, interval=LOOK))
    lived = fluid.live(often, flow, MACHINE, QUESTION.sla, LOOK)
    found = live(spec, whole(flow), MACHINE, QUESTION)
    assert found.gpu_hours / 7 == pytest.approx(lived.replica_hours, rel=0.03)
    assert found.inside == pytest.approx(lived.share, abs=0.01)


def test_a_quiet_day_takes_a_look_a_slot():
    quiet = ((MONDAY, 5.0), (MONDAY + timedelta(days=1), 0.0))
    assert len(list(moments(POOL, quiet, MACHINE))) == 1 + 48  # the first finds that what was there is ready


def ready_at(spec: PoolSpec, hour: int) -> int:
    """Return how many replicas are ready at an hour of Monday."""
    played = moments(spec, traffic(office, 1, 0), MACHINE)
    return next(one.ready for one in reversed(list(played)) if one.at <= MONDAY + timedelta(hours=hour))


def test_the_lead_time_of_a_window_is_not_looked_past():
    assert (ready_at(POOL, 8), ready_at(SCHEDULED, 8)) == (2, 7)


def test_only_what_counts_is_counted():
    flow = traffic(office, 2, 0)
    second = MONDAY + timedelta(days=1)
    found = live(POOL, Stretch(flow, lambda at: at < second), MACHINE, QUESTION)
    assert found == live(POOL, whole(flow[:145]), MACHINE, QUESTION)


def test_a_week_costs_its_gpu_hours():
    question = replace(QUESTION, price=Decimal("2.50"), gpus=4, spec=replace(POOL, min_replicas=8))
    found = live(question.spec, whole(((MONDAY, 1.0), (MONDAY + timedelta(days=1), 0.0))), MACHINE, question)
    assert (found.gpu_hours, found.cost) == (8 * 168 * 4, Decimal("13440.00"))


def test_without_a_price_there_is_no_cost():
    assert live(POOL, whole(traffic(office, 1)), MACHINE, QUESTION).cost is None


def test_where_nothing_counts_nothing_is_spent():
    assert live(POOL, Stretch(traffic(office, 1), lambda _: False), MACHINE, QUESTION).gpu_hours == 0


def test_what_is_over_a_windows_cap_leaves_in_time():
    capped = replace(POOL, schedule=Schedule((replace(OFFICE, limits=Limits(3, 3)),)))
    assert ready_at(capped, 12) == 3


def minutes(number: int) -> datetime:
    return MONDAY + timedelta(minutes=number)


def test_the_mean_load_of_a_stretch():
    assert Flow(((minutes(0), 2.0), (minutes(10), 8.0), (minutes(20), 0.0))).mean(minutes(5), minutes(15)) == 5


def test_when_the_load_leaves_a_band():
    flow = Flow(((minutes(0), 2.0), (minutes(10), 8.0), (minutes(20), 0.0)))
    assert flow.within(1, 5, minutes(0), minutes(20)) == minutes(10)


def test_a_pool_that_is_stuck_at_its_cap_takes_few_looks():
    flow = ((MONDAY, 200.0), (MONDAY + timedelta(days=1), 0.0))
    assert len(list(moments(POOL, flow, MACHINE))) < 60


def test_few_looks_at_a_pool_that_is_stuck_come_to_what_many_come_to():
    flow, often = traffic(office, 1, 0), replace(POOL, max_replicas=6, queue=replace(POOL.queue, interval=LOOK))
    lived = fluid.live(often, flow, MACHINE, QUESTION.sla, LOOK)
    found = live(replace(POOL, max_replicas=6), whole(flow), MACHINE, QUESTION)
    assert found.gpu_hours / 7 == pytest.approx(lived.replica_hours, rel=0.01)
    assert found.inside == pytest.approx(lived.share, abs=0.005)


def test_a_window_that_lifts_the_cap_of_a_stuck_pool_is_not_looked_past():
    night = Schedule((replace(OFFICE, limits=Limits(7)),), lead_time=timedelta(0), outside=Limits(cap=3))
    flow = ((MONDAY, 60.0), (MONDAY + timedelta(days=1), 0.0))
    played = list(moments(replace(POOL, schedule=night), flow, MACHINE))
    assert MONDAY + timedelta(hours=8) in {one.at for one in played if one.size == 7}
