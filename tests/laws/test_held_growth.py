"""The bill on its way through decide(): once a budget is used up the pool grows no more, and shrinks as ever."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import Rig, at, published
from poolkeeper.core.account import Account, month_to_date
from poolkeeper.core.costing import Baseline, Budget, Costing, Enforce
from poolkeeper.core.decide import decide
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import Limits, PoolSpec, Schedule
from poolkeeper.core.observation import Observation
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental
from poolkeeper.core.reasons import Reason

RENTAL = Rental("on-demand", Place(), Decimal(1))
BOOK = Bill().book
LONG, SHORT = 9000, 0
HELD = Costing(prices={"on-demand": Decimal(3600)}, budget=Budget(Decimal(1000), enforce=Enforce.HOLD_SCALE_UP))
"""A GPU costs a dollar a second: two of them use the budget up in 500 s."""


class Rented(Rig):
    """A pool whose pods are paid for from when they are scheduled on."""

    def queue(self, seconds, waiting, **changes):
        items = tuple(Billed(pod.uid, RENTAL, max(pod.scheduled_at, at(0))) for pod, _ in self.pods)
        return super().queue(seconds, waiting, **{"bill": Bill(items, BOOK)} | changes)


def rig(cost=HELD, **changes):
    return Rented(published(cost=cost, **changes))


def spent(changes=None):
    """Return a pool of two whose budget was used up a moment ago."""
    pool = rig(**changes or {})
    pool.run(range(0, 501, 5), 500)
    return pool


def test_a_queue_grows_the_pool_until_the_budget_is_used_up():
    pool = rig()
    pool.run(range(0, 496, 5), 500)
    assert pool.queue(496, LONG).size == 6


def test_once_the_budget_is_used_up_no_queue_grows_the_pool():
    pool = spent()
    assert pool.run(range(505, 1500, 5), LONG) == [2] * 199


def test_that_is_the_reason_and_a_stage_of_the_trail():
    decision = spent().queue(505, LONG)
    stage = next(stage for stage in decision.trail if stage.name == "budget")
    assert (decision.reason, stage.before, stage.after) == (Reason.BUDGET_HELD, 6, 2)


def test_it_shrinks_as_ever():
    pool = rig()
    assert pool.run(range(0, 100, 5), LONG)[-1] == 8
    sizes = pool.run(range(100, 2500, 5), SHORT)
    assert month_to_date(pool.memory.account, at(2500), at(2500).date()).cost > 1000
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 2


def test_it_still_grows_to_its_floor():
    pool = spent()
    pool.spec = replace(pool.spec, min_replicas=4)
    assert pool.queue(505, LONG).size == 4


def test_a_windows_floor_is_a_floor_too():
    pool = spent()
    pool.spec = replace(pool.spec, schedule=Schedule(outside=Limits(floor=5)))
    assert pool.queue(505, SHORT).size == 5


def test_what_somebody_lifted_holds_nothing_until_its_end():
    pool = spent()
    assert pool.queue(505, LONG, lifted_until=at(510)).size == 6
    assert pool.queue(510, 90_000, lifted_until=at(510)).size == 6


def test_a_new_month_holds_nothing():
    pool = spent()
    april = timedelta(days=29, hours=12, minutes=1).total_seconds()
    assert pool.queue(505, LONG).size == 2
    assert pool.queue(april, LONG).size > 2


@pytest.mark.parametrize(
    "cost", [replace(HELD, budget=replace(HELD.budget, enforce=Enforce.ALERT)), replace(HELD, budget=None)]
)
def test_a_budget_that_is_only_told_holds_nothing(cost):
    assert spent({"cost": cost}).queue(505, LONG).size == 6


def test_nothing_is_held_where_nobody_counts():
    pool = Rig(published(cost=HELD))
    pool.run(range(0, 1001, 5), 500)
    assert pool.queue(1005, LONG).size == 6


def test_what_pods_cost_is_counted_from_when_they_were_scheduled():
    pool = rig(replace(HELD, budget=None))
    pool.queue(0, LONG)  # six from now on
    pool.queue(10, 500)
    assert month_to_date(pool.memory.account, at(10), at(10).date()).cost == pytest.approx(Decimal(60))


def test_another_target_goes_on_with_the_same_account():
    pool = spent()
    pool.memory = replace(pool.memory, target="another")
    assert pool.queue(505, LONG).size == 2


def gone(pool, seconds, bill=Bill()):  # noqa: B008  a frozen value
    """Return the account after a look that finds no target."""
    _, pool.memory = decide(pool.spec, Observation(None, bill=bill), pool.memory, at(seconds))
    return pool.memory.account


def test_what_a_target_rents_ends_when_it_was_seen_to_be_gone():
    pool = rig()
    pool.queue(0, 500)
    gone(pool, 10)
    assert month_to_date(gone(pool, 3600), at(3600), at(0).date()).cost == pytest.approx(Decimal(20))


def test_a_target_that_is_gone_saves_nothing():
    pool = rig(replace(HELD, baseline=Baseline(Decimal(8))))
    pool.queue(0, 500)
    gone(pool, 10)
    saved = month_to_date(gone(pool, 3600), at(3600), at(0).date()).savings
    assert saved.total == pytest.approx(Decimal(60))


def test_a_target_that_is_gone_changes_nothing_where_nobody_counts():
    pool = rig()
    assert gone(pool, 0, None) == Account()


def looks() -> st.SearchStrategy[list[tuple[int, int]]]:
    """Return looks: so many seconds after the one before, at a queue of this length."""
    return st.lists(st.tuples(st.integers(1, 120), st.sampled_from([SHORT, 500, 1500, LONG, 90_000])), max_size=40)


@given(looks(), st.integers(2, 5), st.integers(1, 3000))
def test_whatever_is_asked_for_a_pool_whose_budget_is_used_up_stays_below_what_it_has_and_its_floor(
    history, floor, budget
):
    spec: PoolSpec = published(
        min_replicas=floor, cost=replace(HELD, budget=replace(HELD.budget, monthly=Decimal(budget)))
    )
    pool, second = Rented(spec), 0
    for gap, waiting in history:
        second, current = second + gap, pool.size
        decision = pool.queue(second, waiting)
        used = month_to_date(pool.memory.account, at(second), at(second).date()).cost >= budget
        assert not used or decision.size <= max(current, floor)
