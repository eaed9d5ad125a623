"""Sequences that are hard on a split pool: what may be ready stays ready, and in the end the formula holds again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, loading
from market import SPOT, Half, Market, spotted
from poolkeeper.core.model import ON_DEMAND, Fallback, Guaranteed, Mode
from poolkeeper.core.observation import Wait
from poolkeeper.core.reasons import Reason

HALF = Guaranteed(0, 50)


def least_ready(market: Market, seconds: float) -> int:
    """Let so much time pass, and return how many were ready at the worst moment."""
    return min(market.run(market.step).ready for _ in range(int(seconds / market.step)))


def largest(market: Market, tier: str) -> int:
    return max(share.size for one in market.decisions for share in one.shares if share.tier == tier)


def covered() -> Market:
    """Return a pool of ten in which on-demand covers for three that were reclaimed a minute and a half ago."""
    return Market().run(60).reclaim(3, notice=120).run(90)


def rolling(half: Half, *, on: bool = True) -> None:
    """Let a rollout of one half begin, or end."""
    half.target = (lambda: replace(Half.target(half), rolling=True)) if on else lambda: Half.target(half)


def deleted(market: Market, *, remade: bool) -> Market:
    """Let somebody delete the sibling; `remade`: it is there again, empty, before anybody looks."""
    market.spot.replicas, market.spot.pods, market.spot.ends = 0, {}, {}
    market.spot.made = market.spot.made if remade else 0
    return market


@pytest.mark.parametrize("remade", [False, True])
def test_a_sibling_deleted_by_hand_is_asked_for_again(remade):
    market = deleted(Market().run(60), remade=remade)
    assert (market.look().size, market.asked) == (10, (1, 9))
    assert least_ready(market.run(120), 1200) == 10


def test_a_sibling_that_is_gone_and_cannot_be_made_is_replaced_by_on_demand():
    market = deleted(Market().run(60), remade=False)
    market.extra = {"unsplit": Reason.SIBLING_MISSING}
    assert (market.look().size, market.asked) == (10, (10, 0))
    market.run(120).extra = {}
    assert (least_ready(market, 1500), market.asked) == (10, (1, 9))


def test_a_pool_that_was_folded_to_one_tier_is_a_plain_pool_again():
    market = deleted(Market().run(60), remade=False)
    market.spec = spotted(tiers=(ON_DEMAND,))
    market.run(120)
    assert (market.asked, dict(market.memory.tiers.asked)) == ((10, 0), {})


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        (Guaranteed(0, 10), HALF, (5, 5)),
        (HALF, Guaranteed(0, 10), (1, 9)),
        (Guaranteed(0, 10), Guaranteed(3, 0), (3, 7)),
    ],
)
def test_a_new_guarantee_in_a_fallback_costs_no_capacity(before, after, asked):
    first = Market(spotted(guaranteed=before)).run(1500)
    first.reclaim(2, notice=120).run(90).spec = spotted(guaranteed=after)
    assert (least_ready(first, 3000), first.asked) == (10, asked)


def test_more_guaranteed_in_a_stock_out_takes_the_cover_into_the_guarantee():
    market = Market().run(60).stock_out().reclaim(3, notice=30).run(120)
    market.spec = spotted(guaranteed=Guaranteed(4, 0))
    assert (least_ready(market, 600), market.asked) == (10, (4, 6))


def test_a_smaller_maximum_in_a_fallback_leaves_by_steps():
    market = covered()
    market.spec = spotted(max_replicas=6)
    market.run(10)
    sizes = [market.run(300).decision.size for _ in range(6)]
    assert (sizes, market.asked) == ([9, 8, 7, 6, 6, 6], (1, 5))


def test_a_smaller_fallback_takes_nothing_back_that_is_needed():
    market = covered()
    market.spec = spotted(tiers=(replace(SPOT, fallback=Fallback(timedelta(minutes=2), 1)), ON_DEMAND))
    assert (least_ready(market, 2400), market.asked) == (10, (1, 9))


def test_a_tier_removed_in_a_fallback_and_put_back_before_all_of_it_went():
    market = covered()
    market.spec = spotted(tiers=(ON_DEMAND,))
    ready = least_ready(market, 80)
    market.spec = spotted()
    assert (min(ready, least_ready(market, 3000)), market.asked) == (10, (1, 9))


def test_what_is_left_of_a_removed_tier_serves_while_on_demand_cannot_be_had():
    market = Market().run(60)
    market.on_demand.available = False
    market.spec = spotted(tiers=(ON_DEMAND,))
    assert least_ready(market, 2400) == 10
    market.on_demand.available = True
    assert market.run(300).asked == (10, 0)


@pytest.mark.parametrize("halt", [{"mode": Mode.OBSERVE}, {"mode": Mode.PAUSED}])
def test_a_pool_that_writes_nothing_for_a_while_takes_its_fallback_up_again(halt):
    market = covered()
    market.spec = spotted(**halt)
    still = market.run(900).asked
    market.spec = spotted()
    assert (still, least_ready(market, 1800), market.asked) == ((4, 9), 10, (1, 9))


def test_observed_on_one_tier_and_made_active_is_handed_over():
    market = Market(spotted(mode=Mode.OBSERVE), on_demand=8, spot=0).run(300)
    still = market.asked
    market.spec = spotted()
    assert (still, least_ready(market, 1800), market.asked) == ((8, 0), 8, (1, 7))


@pytest.mark.parametrize("first", ["spot", "on_demand"])
def test_where_both_are_short_the_one_that_comes_back_is_used(first):
    market = Market().run(60).stock_out().reclaim(3, notice=30)
    market.on_demand.available = False
    assert (least_ready(market, 900), market.asked) == (7, (4, 9))
    if first == "spot":
        market.restock()
    market.on_demand.available = first == "on_demand"
    assert least_ready(market.run(120), 900) == 10
    market.restock().on_demand.available = True
    assert market.run(1800).asked == (1, 9)


def test_all_of_spot_reclaimed_at_once_is_covered_as_far_as_allowed():
    market = Market().run(60).stock_out().reclaim(9, notice=30)
    assert (market.run(900).asked, market.ready, market.decision.health.lost) == ((7, 9), 7, 9)
    market.restock().run(2400)
    assert (market.asked, market.ready) == ((1, 9), 10)


def test_growth_in_a_fallback_stops_where_cover_is_used_up():
    market = Market().run(60).stock_out().reclaim(9, notice=30).run(900)
    market.waiting = 5000
    assert (market.run(600).asked, market.decision.size) == ((7, 9), 10)


def test_growth_in_a_fallback_is_covered_while_it_may_be():
    market = Market().run(60).stock_out().reclaim(3, notice=30).run(120)
    market.waiting = 1001
    market.run(10)
    assert (market.decision.size, sum(market.asked)) == (11, 5 + 9)


@pytest.mark.parametrize("half", ["spot", "on_demand"])
def test_a_rollout_while_spot_is_short_takes_nothing_away_and_the_way_back_follows(half):
    market = covered()
    rolling(getattr(market, half))
    assert (least_ready(market, 1500), market.asked) == (10, (4, 9))
    rolling(getattr(market, half), on=False)
    assert (least_ready(market, 300), market.asked) == (10, (1, 9))


def test_a_pod_to_spare_that_finds_no_node_is_no_lack_of_on_demand():
    market = Market().run(60)
    surge = loading(99, 60, uid="surge", name="surge", scheduled_at=None)
    rolling(market.on_demand)
    whole = market.on_demand.target
    market.on_demand.target = lambda: replace(whole(), pods=(*whole().pods, surge))
    assert (market.run(1200).asked, market.decision.health.split) == ((1, 9), Reason.AS_EXPECTED)


def test_spot_that_blinks_between_stock_out_and_launch_neither_doubles_nor_drops():
    market = Market().run(60).stock_out().reclaim(3, notice=30)
    for number in range(40):
        market.spot.wait = [Wait.STOCK_OUT, Wait.LAUNCHING, None][number % 3]
        market.run(20)
    assert (largest(market, "on-demand"), market.asked) == (4, (4, 9))


def test_a_reclaim_while_others_load_is_covered_once():
    market = Market(on_demand=1, spot=9).run(60)
    market.waiting = 4500
    market.run(40).waiting = 500
    market.reclaim(3, notice=120).run(60)
    assert (market.decision.size, market.asked) == (14, (2 + 3, 12))


def test_replacements_that_are_reclaimed_again_do_not_add_up():
    market = Market().run(60)
    for _ in range(6):
        market.reclaim(3, notice=30).run(100)
    assert largest(market, "on-demand") <= 1 + 6


def test_a_spot_pod_that_falls_back_is_waited_for():
    market = Market().run(60)
    one = next(iter(market.spot.pods.values()))
    market.spot.pods[one.uid] = replace(one, ready_at=None, unready_since=at(60), scheduled_at=at(60))
    assert (market.run(50).asked, market.run(60).ready) == ((1, 9), 10)


def test_spot_that_crashes_for_ever_is_covered_for_ever_and_not_twice():
    market = Market().run(60)
    market.spot.load = 1e9
    market.reclaim(1, notice=0).run(3600)
    assert (market.asked, market.ready) == ((2, 9), 10)


def test_a_fight_over_one_half_takes_no_capacity_of_the_other():
    market = Market(spotted(min_replicas=2)).run(60)
    for _ in range(8):
        market.on_demand.replicas, market.on_demand.ours = 0, False
        market.on_demand.control(market.seconds)
        market.run(30)
    assert market.asked[1] == 9


def test_a_foreign_growth_of_one_half_stays_there_for_an_hour_and_is_shared_out_then():
    market = Market().run(60)
    market.on_demand.replicas, market.on_demand.ours = 4, False
    market.on_demand.control(60)
    assert (market.run(10).decision.size, market.asked) == (13, (4, 9))
    assert least_ready(market, 900) >= 10
    kept = market.asked
    assert (kept, market.run(3600).asked) == ((4, 9), (2, 11))


def test_a_pool_scaled_to_zero_in_a_fallback_leaves_nothing_behind():
    market = Market(spotted(), on_demand=1, spot=2).run(60).reclaim(2, notice=30).run(90)
    market.waiting = 0
    market.run(3600)
    assert (market.asked, market.decision.size) == ((0, 0), 0)


def test_one_replica_that_is_under_notice_is_replaced_before_it_goes():
    market = Market(spotted(guaranteed=Guaranteed()), on_demand=0, spot=1).run(60)
    market.reclaim(1, notice=120)
    assert (least_ready(market, 1200), market.asked) == (1, (0, 1))
