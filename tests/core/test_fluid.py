from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at
from poolkeeper.core.fluid import Machine, Moment, Run, account, inside, live, moments
from poolkeeper.core.model import Mode, PoolSpec, Queue, Tier

SECOND = timedelta(seconds=1)
SLA, STEP = 2 * SECOND, 10 * SECOND
MACHINE = Machine(rate=10, slots=64, startup=timedelta(seconds=100))
POOL = PoolSpec(1, 8, queue=Queue(slots_per_replica=64))
LASTED = Moment(at(0), STEP, rate=15, size=2, ready=1, waiting=0)


def traffic(*rates: float, each: float = 600) -> list[tuple]:
    """Return traffic that changes every so many seconds."""
    return [(at(number * each), rate) for number, rate in enumerate((*rates, 0))]


def test_steady_traffic_is_served_by_what_it_needs():
    run = live(POOL, traffic(25), MACHINE, SLA, STEP)
    assert run == Run(pytest.approx(3 / 6), 25 * 600, 25 * 600, 0, 3, ((at(0), 3),))


def test_more_traffic_makes_the_pool_grow():
    run = live(POOL, traffic(9, 25), MACHINE, SLA, STEP)
    assert run.sizes[-1][1] >= 3
    assert run.changes == len(run.sizes) - 1 > 0


def test_a_replica_serves_once_it_has_started():
    played = list(moments(POOL, traffic(9, 25), MACHINE, STEP))
    asked = next(one.at for one in played if one.size > 1)
    served = next(one.at for one in played if one.ready > 1)
    assert served - asked == MACHINE.startup


def test_a_queue_grows_by_what_nobody_serves():
    played = list(moments(PoolSpec(1, 1), traffic(15), MACHINE, STEP))
    assert [one.waiting for one in played[:3]] == [0, 50, 100]


def test_less_traffic_makes_the_pool_shrink_at_once():
    played = list(moments(POOL, traffic(25, 1, 1, 1), MACHINE, STEP))
    assert played[-1].size == played[-1].ready == 1


def test_a_pool_without_replicas_is_woken_by_its_queue():
    played = list(moments(PoolSpec(0, 8), traffic(0, 5), MACHINE, STEP))
    assert played[0].size == 0
    assert played[-1].ready > 0


def test_the_last_look_lasts_until_the_traffic_changes():
    played = list(moments(POOL, traffic(25, 25, each=25), MACHINE, STEP))
    assert [one.lasted.total_seconds() for one in played] == [10, 10, 5, 10, 10, 5]


def test_a_pool_that_is_on_spot_or_only_observes_is_played_as_one_tier_that_acts():
    odd = replace(POOL, mode=Mode.OBSERVE, tiers=(Tier("spot", "Spot"), *POOL.tiers))
    assert live(odd, traffic(9, 25), MACHINE, SLA, STEP) == live(POOL, traffic(9, 25), MACHINE, SLA, STEP)


def test_no_traffic_is_all_inside():
    assert account([], MACHINE, SLA).share == 1


@pytest.mark.parametrize(
    ("changes", "share"),
    [
        ({"rate": 10}, 1),
        ({"rate": 10, "waiting": 21}, 0),
        ({}, 0.4),  # 20 may wait, and 5 more do every second
        ({"waiting": 20}, 0),
        ({"waiting": 30}, 0),
        ({"rate": 5, "waiting": 20}, 1),
        ({"rate": 5, "waiting": 30}, 0.8),
        ({"rate": 5, "waiting": 100}, 0),
        ({"ready": 0}, 0),
    ],
)
def test_what_arrives_is_inside_while_little_enough_waits(changes, share):
    moment = replace(LASTED, **changes)
    assert inside(moment, MACHINE, SLA) == pytest.approx(share * moment.rate * 10)
