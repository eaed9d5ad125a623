"""What the journal keeps of a decision suffices, whatever kind of pool it is, after hours of memory."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from math import pi, sin

import pytest

from builders import LONG_AGO, START, at
from night import Night, batched
from poolkeeper.api.journal_records import Answer, Part, answer, pack_inputs, unpack_inputs
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.costing import Budget, Costing, Enforce
from poolkeeper.core.decide import decide
from poolkeeper.core.engine import Engine
from poolkeeper.core.machines import Startup
from poolkeeper.core.memory import Memory
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import Forecast, Mode, PoolSpec, Queue, Slo
from poolkeeper.core.observation import Observation
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental
from poolkeeper.core.reasons import Reason
from poolkeeper.core.world import Ground, World

EVERY = timedelta(seconds=15)
PROMPT, OUTPUT = 1155, 211
ACTIVE = PoolSpec(1, 20, queue=Queue(interval=EVERY), slo=Slo(timedelta(seconds=2), 99.5))
SPENT = Costing(prices={"on-demand": Decimal(3)}, budget=Budget(Decimal(1), enforce=Enforce.HOLD_SCALE_UP))
POOLS = {
    "active": ACTIVE,
    "observe": replace(ACTIVE, mode=Mode.OBSERVE),
    "forecast": replace(ACTIVE, forecast=Forecast()),
    "budget": replace(ACTIVE, cost=SPENT),
}


def bill_of(seen):
    """Return what is paid for the pods that are there."""
    rental = Rental("on-demand", Place("aws", "us-east-1", "", "p5.4xlarge"), Decimal(1))
    return Bill(tuple(Billed(pod.uid, rental, LONG_AGO) for pod in seen.target.pods))


@lru_cache
def lived(name, hours=1):
    """Return each look of a pool's afternoon: what was seen, remembered before and after, decided, and when."""
    engine, spec, memory, found = Engine(), POOLS[name], Memory(), []
    world = World(Ground(engine, Startup(timedelta(seconds=60))), spec, START, {"on-demand": 2})
    while world.clock < hours * 3600:
        seen, now = world.observe(), world.now
        seen = replace(seen, bill=bill_of(seen)) if name == "budget" else seen
        decision, after = decide(spec, seen, memory, now)
        found.append((seen, memory, after, decision, now))
        memory = after
        world.resize("on-demand", decision.size)
        load = 3 + 2 * sin(2 * pi * world.clock / 7200)
        world.advance(Arrival(load * engine.capacity(PROMPT, OUTPUT) * EVERY.total_seconds(), PROMPT, OUTPUT), EVERY)
    return found


@pytest.mark.parametrize("name", POOLS)
def test_all_decisions_of_an_afternoon_are_the_same_when_they_are_made_again(name):
    spec, wrong = POOLS[name], []
    for seen, memory, after, decision, now in lived(name)[::5]:
        again = decide(spec, *unpack_inputs(pack_inputs(seen, memory, after)), now)
        wrong += [now] if answer(*again) != answer(decision, after) else []
    assert wrong == []


def test_a_budget_that_was_used_up_held_the_pool_back():
    assert any(Reason.BUDGET_HELD in decision.clamps for *_, decision, _ in lived("budget"))


def test_work_that_can_wait_is_planned_the_same_again():
    night = Night(batched(), 2000).until(3600)
    seen = Observation(night.on_demand.target(), (night.sight(),), siblings=(night.spot.target(),))
    decision, after = decide(night.spec, seen, night.memory, at(3600))
    again = decide(night.spec, *unpack_inputs(pack_inputs(seen, night.memory, after)), at(3600))
    assert (decision.plan is not None, again) == (True, (decision, after))


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({}, False),
        ({"size": 3}, True),
        ({"size": 3, "frozen": True}, False),
        ({"tiers": (Part("spot", 1, 2, "x"),)}, True),
    ],
)
def test_a_decision_moves_where_the_whole_or_a_tier_has_another_size(changes, moves):
    known = {"current": 2, "wanted": 2, "size": 2, "reason": "Steady", "ready": 2, "frozen": False, "clamps": ()}
    assert Answer(**known | {"trail": (), "tiers": (), "message": ""} | changes).moves is moves
