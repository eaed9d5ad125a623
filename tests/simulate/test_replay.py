"""A policy lived through a case: who looks when, what it costs, and who was late."""

from datetime import timedelta
from decimal import Decimal

import pytest

from builders import START
from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.machines import Startup, Stock
from poolkeeper.core.model import ON_DEMAND, CapacityType, Guaranteed, PoolSpec, Queue, Tier
from poolkeeper.core.world import Ground
from poolkeeper.simulate.replay import Case, Operator, Played, replay, start_size

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
GROUND = Ground(startup=Startup(MINUTE), prices={"on-demand": Decimal(3), "spot": Decimal(1)})
SPOT = Tier("spot", CapacityType.SPOT)
POOL = PoolSpec(1, 8)


def traffic(*rates: float, step: float = 5) -> Traffic:
    """Return ten minutes of each rate."""
    steps = [Arrival(rate * step, 1155, 211) for rate in rates for _ in range(round(600 / step))]
    return Traffic(START, timedelta(seconds=step), tuple(steps))


def case(*rates: float, start: int = 2, ground: Ground = GROUND, step: float = 5) -> Case:
    return Case(traffic(*rates, step=step), ground, 1, 8, start, 2 * SECOND, seed=7)


class Told:
    """A policy that does as it was told, look by look, and keeps what it saw."""

    name = "told"

    def __init__(self, *sizes, interval: timedelta = MINUTE) -> None:
        self.sizes, self.interval, self.seen = sizes, interval, []

    def decide(self, seen):
        self.seen.append(seen)
        return self.sizes[min(len(self.seen), len(self.sizes)) - 1]


def ours(spec: PoolSpec = POOL, *rates: float, start: int = 2) -> Played:
    return replay(Operator(spec), case(*rates, start=start))


def test_a_static_pool_costs_its_size():
    played = replay(Told(2), case(5))
    assert (played.replica_hours, played.cost, played.changes) == (pytest.approx(2 / 6), Decimal("1.00"), 0)


def test_a_policy_is_named():
    assert (replay(Told(2), case(5)).policy, ours(POOL, 5).policy) == ("told", "poolkeeper")


def test_all_that_comes_is_counted():
    assert replay(Told(2), case(5)).requests == pytest.approx(3000)


def test_a_peer_looks_as_often_as_it_says():
    policy = Told(2)
    replay(policy, case(5))
    assert [one.now for one in policy.seen] == pytest.approx([60 * number for number in range(10)])


def test_nobody_looks_more_often_than_the_steps():
    policy = Told(2, interval=SECOND)
    replay(policy, case(5))
    assert len(policy.seen) == 120


def test_an_interval_that_is_no_whole_number_of_steps_is_kept_on_average():
    policy = Told(2, interval=7 * SECOND)
    replay(policy, case(5))
    assert len(policy.seen) == pytest.approx(600 / 7, abs=1)


def test_a_total_is_kept_inside_the_bounds():
    assert replay(Told(99), case(5)).peak == 8


def test_a_peer_may_say_each_tiers_size():
    ground = Ground(startup=Startup(MINUTE), stock={"spot": Stock()})
    played = replay(Told({"on-demand": 1, "spot": 3}), case(5, ground=ground))
    assert played.by_tier["spot"] == pytest.approx(0.5)


def test_a_peer_that_says_a_total_has_nothing_on_spot():
    ground = Ground(startup=Startup(MINUTE), stock={"spot": Stock()})
    played = replay(Told(3), case(5, ground=ground))
    assert played.by_tier == {"on-demand": pytest.approx(0.5), "spot": 0}


def test_changes_and_the_peak_are_counted():
    played = replay(Told(2, 3, 5, 5, 1), case(5))
    assert (played.changes, played.peak) == (3, 5)


def test_an_overload_is_late():
    played = replay(Told(1), case(5, 12, start=1))
    assert 0 < played.in_sla < 0.6
    assert 0 < played.wait_p50 < played.wait_p95 < played.wait_p99


def test_what_waits_at_the_end_is_counted_with_its_wait_so_far():
    played = replay(Told(0), Case(traffic(1), GROUND, 0, 8, 0, 2 * SECOND))
    assert (played.in_sla, played.wait_p50) == (pytest.approx(2 / 600, rel=0.01), pytest.approx(300, rel=0.01))


def test_nothing_comes_and_nobody_is_late():
    assert replay(Told(1), case(0)).in_sla == 1


def test_the_same_seed_gives_the_same():
    assert ours(POOL, 5, 9) == ours(POOL, 5, 9)


def test_the_operator_grows_with_its_queue():
    played = ours(POOL, 5, 20)
    assert (played.peak >= 4, played.moments[-1].ready >= 4) == (True, True)


def test_the_operator_shrinks_when_it_may():
    assert ours(POOL, 20, 1, 1, 1, 1, start=5).moments[-1].sizes["on-demand"] < 3


def test_the_operator_looks_every_interval():
    slow = PoolSpec(1, 8, queue=Queue(interval=timedelta(minutes=5)))
    assert ours(slow, 5, 20).changes < ours(POOL, 5, 20).changes


def test_the_operator_splits_its_pool():
    spec = PoolSpec(3, 8, tiers=(SPOT, ON_DEMAND), guaranteed=Guaranteed(base=1))
    played = replay(Operator(spec), case(5, start=3))
    assert played.by_tier == {"spot": pytest.approx(2 / 6), "on-demand": pytest.approx(1 / 6)}


def test_a_market_that_falls_is_covered():
    spec = PoolSpec(3, 8, tiers=(SPOT, ON_DEMAND), guaranteed=Guaranteed(base=1))
    ground = Ground(startup=Startup(MINUTE), stock={"spot": Stock(((0.0, 4), (300.0, 0)))})
    assert replay(Operator(spec), case(10, 10, ground=ground, start=3)).moments[-1].sizes["on-demand"] == 3


def test_progress_is_told():
    told = []
    replay(Told(2), case(5), told.append)
    assert (told[0], told[-1], told == sorted(told)) == (0, pytest.approx(119 / 120), True)


def test_moments_are_thinned():
    played = replay(Told(2), case(*[5] * 4, step=1))
    assert len(played.moments) == 1200


def test_a_moment_shows_what_stood():
    moment = replay(Told(2), case(5)).moments[60]
    assert (moment.at, moment.sizes, moment.ready) == (START + 5 * MINUTE, {"on-demand": 2}, 2)
    assert (moment.load, moment.cost) == (pytest.approx(5 / 6.0664, rel=1e-3), Decimal("0.50"))


def test_a_moment_knows_who_was_late():
    assert replay(Told(1), case(12, start=1)).moments[-1].late == 1


@pytest.mark.parametrize(("rate", "size"), [(0, 1), (5, 1), (11.1, 3), (500, 8)])
def test_the_start_is_what_the_first_ten_minutes_need_and_a_tenth(rate, size):
    assert start_size(traffic(rate, 100), GROUND, 1, 8) == size
