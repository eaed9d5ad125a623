"""R7: what each tier is due, who covers what, and the way back, scenario by scenario."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from builders import Rig, at
from market import SPOT, TEN_PERCENT, Market, spotted
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, Guaranteed
from poolkeeper.core.observation import Wait
from poolkeeper.core.reasons import Reason
from poolkeeper.core.split import due

BOTH = (SPOT, ON_DEMAND)


@pytest.mark.parametrize(
    ("size", "on_demand", "spot"), [(0, 0, 0), (1, 1, 0), (3, 1, 2), (10, 1, 9), (11, 2, 9), (100, 10, 90)]
)
def test_a_tenth_is_guaranteed_rounded_up(size, on_demand, spot):
    assert due(size, TEN_PERCENT, BOTH) == {"spot": spot, "on-demand": on_demand}


@pytest.mark.parametrize(("size", "on_demand"), [(0, 0), (3, 3), (4, 4), (5, 5), (14, 9)])
def test_the_base_comes_first_and_the_share_above_it(size, on_demand):
    assert due(size, Guaranteed(4, 50), BOTH)["on-demand"] == on_demand


def test_a_pool_of_one_tier_has_it_all():
    assert due(7, Guaranteed(), (ON_DEMAND,)) == {"on-demand": 7}


def test_a_steady_pool_is_left_alone():
    assert Market().run(3600).asked == (1, 9)


def test_three_notices_bring_three_on_demand_at_once():
    market = Market().run(60)
    market.reclaim(3).look()
    assert market.asked == (4, 9)


def test_not_six_while_victims_end_and_replacements_wait():
    market = Market().run(60).reclaim(3, notice=120)
    market.run(3600)
    assert max(share.size for one in market.decisions for share in one.shares if share.tier == "on-demand") == 4


def test_it_returns_once_spot_has_been_steady_one_by_one():
    market = Market().run(60).reclaim(3)
    market.run(1800)
    sizes = [share.size for one in market.decisions for share in one.shares if share.tier == "on-demand"]
    steps = [after - before for before, after in pairwise(sizes) if after != before]
    assert (market.asked, steps) == ((1, 9), [3, -1, -1, -1])


def test_nothing_returns_before_recover_after():
    market = Market().run(60).reclaim(3)
    market.run(120 + 20 + 60 + 590)
    assert market.asked == (4, 9)


def test_nothing_returns_before_the_backoff():
    quick = replace(SPOT, recovery=replace(SPOT.recovery, after=timedelta(0)))
    market = Market(spotted(tiers=(quick, ON_DEMAND))).run(60).reclaim(3, notice=30)
    assert (market.run(290).asked, market.run(60).asked) == ((4, 9), (1, 9))


def test_a_second_reclaim_adds_to_the_first():
    market = Market().run(60).reclaim(3, notice=30)
    market.run(40).reclaim(2).look()
    assert market.asked == (6, 9)


def test_an_explicit_stock_out_counts_at_once():
    market = Market(on_demand=1, spot=9).stock_out()
    market.reclaim(3, notice=30).run(60)
    assert (market.asked, market.decision.health.split) == ((4, 9), Reason.SPOT_SHORT)


def test_a_pool_that_grows_into_a_stock_out_grows_on_demand():
    market = Market(on_demand=2, spot=9).stock_out()
    market.waiting = 1001
    market.run(20)
    assert market.asked == (3, 10)


def test_without_a_word_spot_is_waited_for():
    market = Market().stock_out(told=False)
    market.spot.replicas = 6
    market.spot.control(0)
    market.memory = replace(market.memory, tiers=replace(market.memory.tiers, asked={"on-demand": 1, "spot": 6}))
    before = market.run(110).asked
    assert (before, market.run(30).asked) == ((1, 9), (4, 9))


@pytest.mark.parametrize(("wait", "seconds"), [(None, 120), (Wait.LAUNCHING, 300)])
def test_the_wait_is_longer_while_a_node_is_launched(wait, seconds):
    market = Market(step=5).stock_out(told=False)
    market.spot.wait = wait
    market.waiting = 1001
    market.run(5)
    market.waiting = 500
    assert (market.run(seconds - 10).asked, market.run(10).asked) == ((2, 9), (2, 9))


def test_fallback_has_a_maximum():
    market = Market(on_demand=2, spot=18).run(60)
    market.reclaim(9).look()
    assert (market.asked, market.decision.health.split) == ((8, 18), Reason.FALLBACK_AT_MAXIMUM)


def test_a_misconfigured_pod_is_no_stock_out():
    market = Market().stock_out(told=False)
    market.spot.wait = Wait.MISCONFIGURED
    market.reclaim(1, notice=30)
    market.run(1200)
    assert (market.asked[0], market.decision.health.split) == (2, Reason.SPOT_MISCONFIGURED)


def test_an_on_demand_stock_out_overflows_to_spot():
    market = Market(on_demand=0, spot=10)
    market.on_demand.available = False
    market.on_demand.replicas = 1
    market.run(700)
    assert (market.asked, market.decision.health.split) == ((1, 10), Reason.ON_DEMAND_SHORT)


def test_spot_switched_on_over_loaded_on_demand_is_made_before_on_demand_is_broken():
    market = Market(on_demand=8, spot=0)
    first = market.asked
    market.run(600)
    still = market.asked
    assert (first, still, market.run(900).asked) == ((8, 7), (8, 7), (1, 7))


def test_spot_switched_off_again_is_replaced_before_it_goes():
    market = Market(on_demand=1, spot=7).run(60)
    market.spec = spotted(tiers=(ON_DEMAND,))
    first = market.run(10).asked
    assert (first, market.run(300).asked) == ((8, 7), (8, 0))


def test_the_first_look_takes_nothing_away():
    assert Market(on_demand=6, spot=4).asked == (6, 9)


def test_a_size_that_shrinks_in_a_fallback_takes_the_cover_first():
    market = Market().stock_out().reclaim(3, notice=30).run(60)
    market.waiting = 0
    market.run(310)
    assert (market.asked, market.decision.size) == ((3, 8), 9)


def test_a_node_that_is_gone_is_covered_on_demand_by_spot():
    market = Market(spotted(guaranteed=Guaranteed(2, 0)), on_demand=2, spot=8).run(60)
    one = next(iter(market.on_demand.pods.values()))
    market.on_demand.pods[one.uid] = replace(one, notice="the node is gone")
    market.look()
    assert market.asked == (2, 9)


def test_a_rollout_keeps_what_covers():
    market = Market().run(60).reclaim(3)
    market.run(1300)
    held = market.on_demand.target
    market.on_demand.target = lambda: replace(held(), rolling=True)
    assert market.asked == market.run(60).asked


def test_a_foreign_write_to_one_half_is_a_foreign_write_to_the_size():
    market = Market().run(60)
    market.spot.replicas, market.spot.ours = 12, False
    market.spot.control(60)
    assert (market.run(10).decision.current, market.asked) == (13, (1, 12))


def test_a_foreign_shrink_takes_no_more_with_it_until_it_is_restored():
    market = Market().run(60)
    market.spot.replicas, market.spot.ours = 6, False
    market.spot.control(60)
    early = market.run(60).asked
    assert (early, market.run(300).asked) == ((1, 6), (1, 9))


def test_what_was_written_and_not_remembered_covers_and_is_no_growth():
    market = Market().run(60)
    before = market.memory
    market.reclaim(3).look()
    market.memory = before
    assert (market.look().size, market.asked) == (10, (4, 9))


@pytest.mark.parametrize(("asked", "size"), [((2, 18), 20), ((2, 9), 11), ((2, 14), 16)])
def test_a_size_that_was_written_and_not_remembered_is_read_off_the_preferred_tier(asked, size):
    market = Market().run(60)
    market.on_demand.replicas, market.spot.replicas = asked
    market.on_demand.control(60), market.spot.control(60)
    assert market.look().current == size


def test_words_tell_what_is_lost_what_covers_it_and_since_when():
    market = Market().run(60).reclaim(3)
    health = market.look().health
    said = "spot has 6 of 9 ready (SpotInterrupted: reclaimed); on-demand covers 3"
    assert (health.split, health.split_detail, health.lost, health.lost_since) == (
        Reason.SPOT_RECLAIMED,
        said,
        3,
        at(60),
    )


def test_words_tell_what_the_way_back_waits_for():
    market = Market().run(60).reclaim(3, notice=30)
    health = market.run(200).decision.health
    said = "on-demand holds 3 until as many spot replicas have been ready for 10m, not before 12:06:10Z"
    assert (health.split, health.split_detail) == (Reason.RECOVERING, said)


@pytest.mark.parametrize(
    ("on_demand", "spot", "noticed", "size"),
    [
        (1, 9, 0, 10),
        (1, 9, 3, 10),
        (4, 9, 3, 11),
        (3, 9, 3, 11),
        (4, 9, 0, 13),
        (6, 4, 2, 10),
        (0, 1, 1, 1),
        (5, 0, 0, 5),
    ],
)
def test_the_size_of_a_pool_that_is_taken_over_leaves_out_no_more_than_what_covers(on_demand, spot, noticed, size):
    market = Market(on_demand=on_demand, spot=spot)
    market.on_demand.replicas, market.spot.replicas = on_demand, spot
    market.on_demand.control(0), market.spot.control(0)
    market.reclaim(noticed).memory = Memory()
    assert market.look().current == size


def test_what_is_held_is_never_a_reason_to_ask_for_more():
    market = Market(spotted(guaranteed=Guaranteed(1, 0), min_replicas=5), on_demand=1, spot=4).run(60)
    market.on_demand.replicas, market.on_demand.ours = 0, False
    market.on_demand.control(60)
    assert market.run(10).asked == (1, 4)


def test_a_size_that_grows_while_on_demand_waits_to_hand_back_takes_what_is_there():
    market = Market().run(60).reclaim(3, notice=30).run(200)
    market.waiting = 1001
    assert (market.run(10).decision.size, market.asked) == (11, (4, 9))


def test_a_reclaim_that_is_only_seen_at_its_end_is_covered_and_counts():
    market = Market().run(60)
    gone = list(market.spot.pods)[:3]
    for uid in gone:
        del market.spot.pods[uid]
    market.spot.control(60)
    seen = market.spot.target
    market.spot.target = lambda: replace(seen(), reclaimed=frozenset(gone))
    market.look()
    assert (market.asked, market.memory.tiers.reclaimed_at) == ((4, 9), at(60))


def test_pods_that_end_after_their_notice_are_covered_once():
    market = Market().run(60).reclaim(3, notice=30).run(20)
    gone = frozenset(uid for uid, one in market.spot.pods.items() if one.notice)
    seen = market.spot.target
    market.spot.target = lambda: replace(seen(), reclaimed=gone)
    assert market.run(20).asked == (4, 9)


def test_what_cannot_be_written_on_spot_is_had_on_demand():
    market = Market()
    seen = market.spot.target
    market.spot.target = lambda: replace(seen(), refused="exceeded quota")
    market.waiting = 3001
    market.run(10)
    assert (market.asked[0], market.decision.health.split) == (4, Reason.SPOT_SHORT)
    assert "exceeded quota" in market.decision.health.split_detail


def test_replacements_made_in_the_second_of_the_loss_are_still_covered():
    market = Market().run(60).reclaim(3, notice=0.5)
    market.seconds = 60.7
    market.look()
    market.spot.turn(60.7)
    early = {
        uid: replace(one, created_at=at(60)) if one.ready_at is None else one for uid, one in market.spot.pods.items()
    }
    market.spot.pods = early
    market.reclaim(2).look()
    assert market.asked == (6, 9)


@pytest.mark.parametrize(
    ("percent", "before", "after"), [(100, (8, 0), (11, 0)), (50, (4, 4), (6, 5)), (10, (1, 9), (2, 9))]
)
def test_a_growth_on_demand_that_was_written_and_not_remembered_is_a_growth(percent, before, after):
    market = Market(spotted(guaranteed=Guaranteed(0, percent)), *before).run(60)
    market.on_demand.replicas, market.spot.replicas = after
    market.on_demand.control(60), market.spot.control(60)
    assert market.run(60).decision.size == sum(after)


def test_nobody_else_goes_until_who_is_to_go_is_seen_to_go():
    market = Market(spotted(min_replicas=1), on_demand=1, spot=9).run(60)
    seen, extra = market.spot.target, next(iter(market.spot.pods.values()))
    market.spot.target = lambda: replace(seen(), pods=(*seen().pods, replace(extra, uid="late", name="late")))
    market.waiting = 0
    market.run(700)
    assert market.asked == (1, 9)


def test_a_growth_takes_what_stands_in_first():
    market = Market().run(60).reclaim(3, notice=30).run(200)
    market.waiting = 1001
    assert (market.run(10).decision.size, market.asked) == (11, (4, 9))


def test_a_constant_queue_does_not_cascade_while_more_is_ready_than_the_size():
    market = Market().run(60).reclaim(3, notice=30).run(200)
    market.spot.load, market.waiting = 500, 1001
    assert [market.run(10).asked for _ in range(6)] == [(4, 9), *[(4, 10)] * 5]


def test_what_is_out_of_stock_is_not_on_its_way():
    market = Market().run(60).stock_out().reclaim(3, notice=30).run(200)
    market.waiting = 1001
    assert market.run(10).decision.size == 11


def test_a_fallback_of_none_covers_nothing():
    none = replace(SPOT, fallback=replace(SPOT.fallback, max_replicas=0))
    market = Market(spotted(tiers=(none, ON_DEMAND))).run(60).reclaim(3, notice=30)
    assert market.run(300).asked == (1, 9)


def test_what_loads_for_a_growth_is_covered_no_further_than_what_stands_in():
    market = Market().run(60).reclaim(1, notice=30).run(200)
    market.waiting = 3500
    market.run(10).waiting = 500
    assert market.run(30).asked == (2, 11)


def test_nothing_is_given_away_that_another_tier_is_not_ready_to_stand_in_for():
    market = Market()
    market.on_demand.load = 1e9
    market.on_demand.pods.clear()
    market.on_demand.control(0)
    market.waiting = 0
    assert (market.run(310).decision.size, market.asked) == (9, (1, 9))


def test_what_is_left_of_a_removed_tier_is_adopted_with_the_rest():
    market = Market(spotted(tiers=(ON_DEMAND,)), on_demand=4, spot=3)
    assert (market.decision.current, market.asked) == (7, (7, 3))


def test_a_pool_is_full_where_the_one_tier_that_it_uses_is_stuck():
    market = Market(spotted(tiers=(ON_DEMAND,)), on_demand=4, spot=3)
    market.on_demand.available = False
    market.run(900).waiting = 5000
    assert (market.run(60).decision.size, market.decision.health.startup) == (7, Reason.STARTUP_BLOCKED)


def test_a_pool_grows_on_top_of_what_somebody_added():
    market = Market().run(60)
    market.on_demand.replicas, market.on_demand.ours = 4, False
    market.on_demand.control(60)
    market.run(120).waiting = 1001
    assert (market.run(10).decision.size, sum(market.asked)) == (14, 14)


def test_a_pool_of_one_tier_grows_on_top_of_what_somebody_added():
    rig = Rig(spotted(tiers=(ON_DEMAND,)), 4, load=0)
    rig.queue(0, 500)
    rig.write(6, 1)
    rig.run(range(2, 60), 500)
    assert (rig.queue(60, 1001).size, rig.size) == (7, 7)
