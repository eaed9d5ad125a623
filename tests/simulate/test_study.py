"""A study's trials, and what comes of them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from builders import START
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.model import ON_DEMAND, CapacityType, PoolSpec, Tier
from poolkeeper.simulate.bound import Bound
from poolkeeper.simulate.study import OURS, Entrant, Entry, Pool, Scene, Trial, by_hour, entries, lived, over, trials
from poolkeeper.simulate.trace import Trace

MINUTE = timedelta(minutes=1)
TRACE = Trace(START, MINUTE, tuple(Arrival(60.0 * count, 1155, 211) for count in (4, 8, 8, 16, 16, 8)))
SPEC = PoolSpec(1, 6)
STATIC = Entrant("static")
POOL = Pool("chat", SPEC, (Entrant(OURS, SPEC), STATIC), MINUTE, timedelta(seconds=2), {"on-demand": Decimal(3)})
SCENE = Scene()


def trial(**changes) -> Trial:
    return replace(Trial(POOL, STATIC, SCENE, 1.0, 7), **changes)


@pytest.fixture(scope="module")
def row():
    return lived(trial(plotted=True), TRACE)


@pytest.fixture(scope="module")
def ours():
    return lived(trial(entrant=POOL.entrants[0]), TRACE)


def test_trials_are_of_each_policy_with_each_load_and_seed():
    found = trials([POOL], SCENE, (1.0, 3.0), (7, 8))
    assert [(one.load, one.entrant.policy, one.seed) for one in found] == [
        (load, policy, seed) for load in (1.0, 3.0) for policy in (OURS, "static") for seed in (7, 8)
    ]


def test_the_first_seed_is_plotted():
    assert [one.plotted for one in trials([POOL], SCENE, (1.0,), (7, 8))] == [True, False, True, False]


def test_rows_become_an_entry_for_each_policy(row, ours):
    found = entries([ours, replace(ours, seed=8), row])
    assert [(one.policy, len(one.rows)) for one in found] == [(OURS, 2), ("static", 1)]


def test_an_entry_has_the_mean_of_its_seeds(row):
    assert Entry((replace(row, in_sla=0.5), replace(row, in_sla=1.0))).mean("in_sla") == 0.75


def test_the_cost_is_that_of_the_replica_hours(row):
    assert float(row.cost) == pytest.approx(3 * row.replica_hours, abs=0.01)


def test_static_keeps_the_largest_size(row):
    assert row.peak == SPEC.max_replicas


def test_nothing_is_cheaper_than_the_bound(row, ours):
    assert row.cost_over_bound >= ours.cost_over_bound >= 1


def test_paying_for_starts_is_no_cheaper_than_not(row):
    assert row.bound_with_startup_replica_hours >= row.bound_replica_hours


def test_all_policies_get_the_same_requests(row, ours):
    assert row.requests == pytest.approx(ours.requests)


def test_a_policy_is_told_by_its_name_and_not_by_that_of_its_algorithm():
    varied = Entrant("poolkeeper minReplicas=2", replace(SPEC, min_replicas=2))
    assert lived(trial(entrant=varied), TRACE).policy == "poolkeeper minReplicas=2"


def test_moments_are_kept_only_of_what_is_plotted(row, ours):
    assert (bool(row.moments), bool(ours.moments)) == (True, False)


def test_the_same_seed_gives_the_same_row(row):
    assert lived(trial(plotted=True), TRACE) == row


def test_another_seed_gives_other_traffic(row):
    assert lived(trial(seed=8), TRACE).requests != row.requests


def test_a_load_multiplies_the_traffic(row):
    assert lived(trial(load=2.0), TRACE).requests == pytest.approx(2 * row.requests, rel=0.1)


def test_the_lowest_floor_of_all_variants_is_the_bounds():
    high = replace(SPEC, min_replicas=6)
    pool = replace(POOL, spec=high, entrants=(Entrant(OURS, high), Entrant("lower", SPEC)))
    quiet = Trace(START, MINUTE, (Arrival(1.0, 10, 10),) * 4)
    assert lived(trial(pool=pool), quiet).bound_replica_hours == pytest.approx(4 / 60)


def test_a_clocks_hours_have_the_largest_size_that_they_needed():
    found = by_hour(START, Bound(0.0, (2, 3, 5), timedelta(minutes=30)))
    assert (found[12], found[13], found[0]) == (3, 5, 5)


def test_hours_over_a_bound_of_none_have_no_ratio():
    assert (over(0, 0), over(1, 0)) == (1, float("inf"))


def test_a_peer_may_have_the_spot_tier_of_the_pool():
    mixed = replace(SPEC, tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND))
    pool = replace(POOL, spec=mixed, prices={"spot": Decimal(1), "on-demand": Decimal(3)})
    row = lived(trial(pool=pool, entrant=Entrant("skyserve-spot"), plotted=True), TRACE)
    assert max(one.sizes["spot"] for one in row.moments) > 0


def test_a_peer_that_knows_of_no_spot_is_on_demand_from_the_start_on():
    mixed = replace(SPEC, min_replicas=4, tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND))
    row = lived(trial(pool=replace(POOL, spec=mixed), entrant=Entrant("static=4"), plotted=True), TRACE)
    assert (row.moments[0].ready, row.by_tier["spot"]) == (4, 0)
