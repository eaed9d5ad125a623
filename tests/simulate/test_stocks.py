"""Files of a spot market, and a pool that is lived in one."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from builders import START
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.machines import Stock
from poolkeeper.core.model import ON_DEMAND, CapacityType, PoolSpec, Tier
from poolkeeper.simulate.replay import Operator, Run, replay
from poolkeeper.simulate.stocks import NOTICE, Setting, cost_by_tier, prices, read_zones, together, watched
from poolkeeper.simulate.study import OURS, Entrant, Pool, Row, Scene, Trial, case, drawn, lived
from poolkeeper.simulate.trace import Trace, TraceError

MINUTE = timedelta(minutes=1)
TRACE = Trace(START, MINUTE, tuple(Arrival(60.0 * count, 1155, 211) for count in (4, 8, 8, 16, 16, 8) * 10))
SPEC = PoolSpec(2, 6, tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND))
PRICES = {"spot": Decimal(1), "on-demand": Decimal(3)}
POOL = Pool("chat", SPEC, (), MINUTE, timedelta(seconds=2), PRICES)
GONE = Setting(Stock(((0.0, 6), (1200.0, 0), (2400.0, 6)), notice=NOTICE))
"""A market that has nothing for twenty minutes."""


def row(setting: Setting, **changes) -> Row:
    pool = replace(POOL, setting=setting, **changes)
    return lived(Trial(pool, Entrant(OURS, pool.spec), Scene(), 1.0, 7), TRACE)


@pytest.fixture(scope="module")
def calm():
    return row(Setting())


@pytest.fixture(scope="module")
def gone():
    return row(GONE)


def test_zones_are_read_as_they_change():
    lines = ["second,zone,available", "0,a,4", "0,b,2", "600,a,3"]
    assert read_zones(lines, "available") == {"a": [(0, 4), (600, 3)], "b": [(0, 2)]}


def test_a_file_of_one_zone_need_not_name_it():
    assert read_zones(["second,price", "0,0.9"], "price") == {"": [(0, 0.9)]}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["second,zone", "0,a"], "no column available: a trace begins with second,available"),
        (["second,available", "0,4", "0,5"], "line 3: second 0 is not after 0"),
        (["second,available", "0,-1"], "line 2: available is '-1', which is no number from 0 on"),
        (["second,available"], "there is no row below the heading"),
    ],
)
def test_a_file_that_is_none_is_told_with_its_line(lines, said):
    with pytest.raises(TraceError, match=said):
        read_zones(lines, "available")


def test_zones_add_up_wherever_one_of_them_changes():
    assert together([[(0, 4), (600, 0)], [(0, 1), (300, 2)]]) == ((0, 5), (300, 6), (600, 2))


def test_half_an_instance_is_refused():
    with pytest.raises(TraceError, match=r"second 600: available is 3\.5, which is no whole number"):
        together([[(0, 4), (600, 3.5)]])


def test_prices_are_exact():
    assert prices([(0, 1.6703)]) == ((0, Decimal("1.6703")),)


def test_nothing_is_free():
    with pytest.raises(TraceError, match="second 60: price is 0, which is no price"):
        prices([(0, 1.0), (60, 0.0)])


def test_tiers_have_their_own_hours_and_costs(calm):
    assert float(calm.cost_by_tier["spot"]) == pytest.approx(calm.by_tier["spot"], abs=0.01)


@pytest.mark.parametrize("found", ["calm", "gone"])
def test_tiers_add_up_to_the_whole(found, request):
    one = request.getfixturevalue(found)
    assert (sum(one.by_tier.values()), sum(one.cost_by_tier.values())) == (pytest.approx(one.replica_hours), one.cost)


def test_where_nothing_is_paid_no_tier_costs_anything():
    assert cost_by_tier(dict.fromkeys(PRICES, 0.0), Decimal(0), SPEC, PRICES) == dict.fromkeys(PRICES, 0)


def test_nothing_is_reclaimed_where_spot_is_always_there(calm):
    assert (calm.reclaims, calm.available) == (0, 1.0)


def test_what_a_market_has_no_more_is_reclaimed(gone):
    assert gone.reclaims > 0


def test_on_demand_stands_in_for_what_is_gone(calm, gone):
    assert gone.by_tier["on-demand"] > calm.by_tier["on-demand"]


def test_availability_counts_the_time_until_others_are_ready(gone):
    assert 0.9 < gone.available < 1.0


def test_reclaims_come_at_their_rate():
    hourly = row(Setting(Stock(reclaims=4.0, notice=NOTICE)))
    assert hourly.reclaims == pytest.approx(4 * hourly.by_tier["spot"], rel=0.5)


def test_the_same_seed_reclaims_the_same():
    often = Setting(Stock(reclaims=4.0, notice=NOTICE))
    assert row(often) == row(often)


def test_a_price_counts_from_when_it_changes(calm):
    half = row(Setting(prices=((0.0, Decimal(1)), (1800.0, Decimal(2)))))
    assert calm.cost_by_tier["spot"] < half.cost_by_tier["spot"] < 2 * calm.cost_by_tier["spot"]
    assert half.cost_by_tier["on-demand"] == calm.cost_by_tier["on-demand"]


def test_a_wait_for_nodes_is_free_and_makes_late(calm):
    late = row(Setting(node_wait=10 * MINUTE))
    assert (late.replica_hours < calm.replica_hours, late.in_sla < calm.in_sla) == (True, True)


def test_start_up_times_may_spread(calm):
    assert row(Setting(sigma=1.0)).in_sla != calm.in_sla


def test_old_figures_lead_to_other_sizes(calm):
    assert row(Setting(metric_delay=timedelta(seconds=8))).replica_hours != calm.replica_hours


def test_in_a_silence_nothing_shrinks(calm):
    assert row(Setting(silences=((60.0, 3600.0),))).changes < calm.changes


def test_jumping_finds_what_stepping_finds_where_stock_runs_out():
    trial = Trial(replace(POOL, setting=GONE), Entrant(OURS, SPEC), Scene(), 1.0, 7)
    given = case(trial, drawn(TRACE, trial.scene, 1.0, 7))
    stepped, jumped = (replay(Operator(SPEC), given, jump=jump) for jump in (False, True))
    assert [one.sizes for one in stepped.moments] == [one.sizes for one in jumped.moments]


def test_what_is_seen_is_seen_however_life_goes_on():
    trial = Trial(replace(POOL, setting=GONE), Entrant(OURS, SPEC), Scene(), 1.0, 7)
    given = case(trial, drawn(TRACE, trial.scene, 1.0, 7))
    stepped, jumped = (watched(Run(Operator(SPEC), given, jump=jump), 2) for jump in (False, True))
    assert (stepped.available, stepped.reclaims) == (jumped.available, jumped.reclaims)
