"""Jumping = stepping: to leave out the looks that would find nothing new changes no size, and no instant of one."""

from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builders import START
from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.machines import Startup, Stock
from poolkeeper.core.model import ON_DEMAND, CapacityType, Forecast, Guaranteed, PoolSpec, Queue, ScaleDown, Slo, Tier
from poolkeeper.core.world import Ground
from poolkeeper.simulate import replay as lives
from poolkeeper.simulate.replay import Case, Operator, replay

STEP = timedelta(seconds=5)
PHASE = 24
"""Steps: two minutes."""
LOOKS = Queue(interval=STEP)
QUICK = replace(LOOKS, down=ScaleDown(grace_period=timedelta(seconds=90)))
SPLIT = {"guaranteed": Guaranteed(1), "tiers": (Tier("spot", CapacityType.SPOT), ON_DEMAND)}
POOLS = {
    "defaults": PoolSpec(1, 12, queue=LOOKS),
    "short grace": PoolSpec(2, 12, queue=QUICK),
    "promised": PoolSpec(1, 12, queue=QUICK, slo=Slo(timedelta(seconds=2), 99)),
    "by the queue alone": PoolSpec(1, 12, queue=QUICK, lead=False),
    "slow looks": PoolSpec(1, 12, queue=replace(QUICK, interval=timedelta(seconds=13))),
    "split": PoolSpec(1, 12, queue=QUICK, **SPLIT),
}
GROUND = Ground(startup=Startup(timedelta(seconds=45), sigma=0.3), stock={"spot": Stock(reclaims=6)})
RATES = st.sampled_from((0.0, 0.5, 3.0, 5.5, 8.0, 14.0, 26.0))
# A history is hundreds of decisions, twice: fewer of them tell as much as many single ones.
HISTORIES = settings(max_examples=max(1, settings.default.max_examples // 5))


@pytest.fixture(autouse=True, scope="module")
def _few_moments():
    """Note little, as in a long life: a step at which something is noted ends a stride."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lives, "MOMENTS", 7)
        yield


class Noted(Operator):
    """The operator, with every size that it had made, and when; `looks` counts how often it looked."""

    def __init__(self, spec):
        super().__init__(spec)
        self.looks, self.sizes = 0, []

    def act(self, world):
        self.looks += 1
        decision = super().act(world)
        sizes = {name: fleet.size for name, fleet in world.fleets.items()}
        if not self.sizes or self.sizes[-1][1] != sizes:
            self.sizes.append((round(world.clock, 3), sizes))
        return decision


def traffic(rates, bursts=(1.0,)):
    """Return so many requests a second for two minutes each, more and less of them from step to step."""
    factors = islice(cycle(bursts), PHASE * len(rates))
    means = (rate * STEP.total_seconds() for rate in rates for _ in range(PHASE))
    return Traffic(START, STEP, tuple(Arrival(mean * one, 1155, 211) for mean, one in zip(means, factors, strict=True)))


def lived(pool, arrivals, *, jump):
    """Return the operator after a life, and what it came to."""
    operator = Noted(POOLS[pool])
    case = Case(arrivals, GROUND, 1, 12, 2, timedelta(seconds=2), seed=3)
    return operator, replay(operator, case, jump=jump)


@HISTORIES
@example("defaults", [3.0] * 5 + [26.0, 3.0, 3.0, 3.0], [1.0])
@example("promised", [8.0, 26.0, 3.0, 3.0, 3.0, 14.0, 0.5, 0.5], [0.2, 1.8, 1.0])
@example("short grace", [0.5, 14.0, 14.0, 5.5, 0.0, 0.0, 0.5, 14.0, 3.0, *[0.0] * 5], [0.0, 0.3, 2.0, 2.0, 2.0])
@example("split", [8.0, 14.0, 14.0, 14.0, 3.0, 3.0, 3.0, 3.0], [1.0])
@given(
    st.sampled_from(sorted(POOLS)),
    st.lists(RATES, min_size=4, max_size=15),
    st.lists(st.sampled_from((0.0, 0.3, 1.0, 2.0)), min_size=1, max_size=7),
)
def test_jumping_gives_the_same_sizes_at_the_same_instants(pool, rates, bursts):
    arrivals = traffic(rates, bursts)
    (stepped, slow), (jumped, fast) = (lived(pool, arrivals, jump=jump) for jump in (False, True))
    assert jumped.sizes == stepped.sizes
    assert (fast.in_sla, fast.wait_p99, fast.cost) == (slow.in_sla, slow.wait_p99, slow.cost)


def test_a_steady_load_is_looked_at_once_a_bucket():
    busy = [26.0, *[3.0] * 29]
    stepped, jumped = (lived("defaults", traffic(busy), jump=jump)[0] for jump in (False, True))
    assert (stepped.looks, jumped.looks < stepped.looks / 3) == (30 * PHASE, True)


def test_a_learned_floor_is_looked_at_each_time():
    operator = Noted(replace(POOLS["defaults"], forecast=Forecast()))
    replay(operator, Case(traffic([3.0] * 5), GROUND, 1, 12, 2, timedelta(seconds=2)), jump=True)
    assert operator.looks == 5 * PHASE
