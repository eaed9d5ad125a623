"""From the size to the tiers: a drain holds the size and its clock, and takes one busy replica at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, loading, published, reading, seen, target
from market import SPOT, Market, spotted
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edits, Grace, Memory, Starts, Tiers
from poolkeeper.core.model import Guaranteed, ScaleDown
from poolkeeper.core.observation import PodSample, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.core.shares import Going, granted
from poolkeeper.core.split import Cut
from poolkeeper.core.tiers import part_of
from poolkeeper.core.victims import Leaving

RIPE = Grace(short_since=at(-300), sampled_at=at(-1))
ROOMY = {"slots_per_replica": 99}


def page(*running: float, waiting: float = 0, seconds: float = 0) -> Reading:
    pods = tuple(PodSample(f"uid-{number}", waiting, load) for number, load in enumerate(running))
    return Reading("pods", at(seconds), pods=pods)


def shrink(*running, waiting=0, step=1, since=None, now=0, **changes):
    """Decide for a pool of four whose grace period is over."""
    spec = published(queue={"down": ScaleDown(below=100, step=step)} | ROOMY)
    tiers = Tiers(draining_since={} if since is None else {"on-demand": at(since)})
    memory = Memory(grace=RIPE, edits=Edits(asked=4), tiers=tiers)
    looked = seen(**{"target": target(4), "readings": (page(*running, waiting=waiting, seconds=now),)} | changes)
    return decide(spec, looked, memory, at(now))


def test_an_idle_replica_goes_at_once():
    decision, memory = shrink(1, 0, 1, 1)
    assert (decision.size, decision.reason, decision.shares[0].victims) == (3, Reason.QUEUE_BELOW, ("chat-1",))
    assert memory.grace.short_since == at(0)


def test_a_drain_holds_the_size_and_the_clock():
    decision, memory = shrink(1, 1, 1, 1)
    assert (decision.size, decision.reason, decision.shares[0].victims) == (4, Reason.DRAINING, ())
    assert (memory.grace.short_since, memory.tiers.draining_since) == (at(-300), {"on-demand": at(0)})


def test_a_drain_says_who_is_busy_and_until_when_it_waits():
    decision, _ = shrink(1, 1, 1, 1)
    assert decision.trail[-1].facts == {"busy": "on-demand"}
    assert (decision.until, decision.prospects[0].words) == (
        at(120),
        "a busy replica is taken away if none becomes idle",
    )


def test_a_drain_that_waits_keeps_its_beginning():
    assert shrink(1, 1, 1, 1, since=-60)[1].tiers.draining_since == {"on-demand": at(-60)}


def test_looking_twice_at_one_sample_ends_no_wait():
    spec, looked = published(queue=ROOMY), seen(target=target(4), readings=(page(1, 1, 1, 1),))
    _, memory = shrink(1, 1, 1, 1, since=-60)
    decision, memory = decide(spec, looked, memory, at(5))
    assert (decision.size, memory.tiers.draining_since) == (4, {"on-demand": at(-60)})


def test_looking_twice_at_one_sample_returns_no_more():
    market = returning().run(10)
    assert [market.asked, market.look() and market.asked] == [(3, 9), (3, 9)]


def test_at_the_deadline_a_busy_replica_goes():
    decision, memory = shrink(3, 2, 1, 4, since=-120)
    assert (decision.size, decision.reason, decision.shares[0].victims) == (3, Reason.FORCED_DRAIN, ("chat-2",))
    assert memory.grace.short_since == at(0)


def test_the_next_busy_replica_has_the_deadline_anew():
    assert shrink(1, 1, 1, 1, since=-120)[1].tiers.draining_since == {"on-demand": at(0)}


def test_a_queue_that_comes_back_cancels_the_shrink():
    decision, memory = shrink(1, 1, 1, 1, waiting=200, since=-120)
    assert (decision.size, memory.grace.short_since, memory.tiers.draining_since) == (4, None, {})


def test_a_replica_that_becomes_idle_ends_the_wait():
    decision, memory = shrink(1, 1, 1, 0, since=-60)
    assert (decision.size, memory.tiers.draining_since) == (3, {})


def test_a_drain_goes_as_far_as_idle_replicas_allow():
    decision, memory = shrink(1, 0, 1, 1, step=2)
    assert (decision.size, decision.shares[0].victims) == (3, ("chat-1",))
    assert (memory.grace.short_since, memory.tiers.draining_since) == (at(0), {"on-demand": at(0)})


def test_a_partial_drain_says_that_it_drains():
    decision, _ = shrink(1, 0, 1, 1, step=2)
    assert (decision.trail[-1].before, decision.trail[-1].after, decision.trail[-1].reason) == (2, 3, Reason.DRAINING)


def test_replicas_without_a_pod_go_before_any_pod():
    decision, _ = shrink(1, 1, 1, target=target(4, pods=target(3).pods))
    assert (decision.size, decision.shares[0].victims) == (3, ())


def test_a_replica_without_a_pod_is_no_victim_and_the_next_one_waits():
    decision, _ = shrink(1, 1, 1, step=2, target=target(4, pods=target(3).pods))
    assert (decision.size, decision.reason) == (3, Reason.QUEUE_BELOW)


def test_while_there_are_pods_to_spare_nobody_else_is_chosen_to_go():
    decision, _ = shrink(1, 1, 1, 1, 0, target=target(4, pods=target(5).pods))
    assert (decision.size, decision.shares[0].victims) == (4, ())


def test_a_pod_that_does_not_tell_while_others_do_is_busy():
    assert shrink(1, 1, 1)[0].size == 4


def test_where_nobody_tells_nobody_is_waited_for():
    assert shrink(readings=(reading(0),))[0].size == 3


def test_a_loading_pod_goes_though_all_others_are_busy():
    pods = (*target(3).pods, loading(3, -5))
    decision, _ = shrink(1, 1, 1, target=target(4, pods=pods))
    assert (decision.size, decision.shares[0].victims) == (3, ("chat-3",))


def row(*present):
    """Return four replicas of which the highest ordinal goes first; those that are present have a pod."""
    return target(4, pods=tuple(replace(target(4).pods[number], ordinal=number) for number in present))


def test_where_the_highest_ordinal_goes_it_alone_is_waited_for():
    decision, _ = shrink(0, 0, 0, 1, target=row(0, 1, 2, 3))
    assert (decision.size, decision.reason) == (4, Reason.DRAINING)


def test_it_goes_though_all_others_are_busy():
    decision, _ = shrink(1, 1, 1, 0, target=row(0, 1, 2, 3))
    assert (decision.size, decision.shares[0].victims) == (3, ("chat-3",))


def test_at_the_deadline_it_goes_busy():
    decision, _ = shrink(0, 0, 0, 1, since=-120, target=row(0, 1, 2, 3))
    assert (decision.size, decision.reason, decision.shares[0].victims) == (3, Reason.FORCED_DRAIN, ("chat-3",))


def test_it_goes_as_far_as_the_last_ones_are_idle():
    decision, _ = shrink(0, 0, 1, 0, step=3, target=row(0, 1, 2, 3))
    assert (decision.size, decision.shares[0].victims) == (3, ("chat-3",))


def test_a_gap_in_the_row_is_no_replica_to_give():
    decision, _ = shrink(1, 1, 0, 1, target=row(0, 1, 3))
    assert decision.size == 4


class Busy(Market):
    """A market in which each pod runs as many requests as `loads` has for its tier."""

    def __init__(self, **changes) -> None:
        self.loads, self.calm = {"on-demand": 0, "spot": 0}, set()
        super().__init__(spotted(queue=ROOMY | changes.pop("queue", {}), **changes))

    def _load(self, uid: str) -> float:
        return 0 if uid in self.calm else self.loads[uid.rsplit("-", 1)[0]]

    def look(self):
        ready = [one for half in (self.on_demand, self.spot) for one in half.pods.values() if one.ready_at]
        pods = tuple(PodSample(one.uid, 0, self._load(one.uid)) for one in ready)
        page = Reading("pods", at(self.seconds), pods=pods)
        self.extra = {"readings": (page, reading(self.waiting, self.seconds))}
        return super().look()


def returning(on_demand: int = 0) -> Busy:
    """Return a pool whose fallback would go back now: three on-demand replicas cover for a reclaim that is over."""
    market = Busy().run(60)
    market.loads["on-demand"] = on_demand
    return market.reclaim(3, notice=30).run(700)


def test_a_return_waits_for_an_idle_replica():
    market = returning(on_demand=5).run(60)
    assert (market.asked, market.decision.reason) == ((4, 9), Reason.DRAINING)
    assert set(market.memory.tiers.draining_since) == {"on-demand"}


def test_a_return_takes_one_busy_replica_a_deadline():
    market = returning(on_demand=5).run(20)
    assert [market.run(120).asked[0] for _ in range(4)] == [3, 2, 1, 1]


def test_a_return_of_a_busy_replica_is_said_to_be_forced():
    market = returning(on_demand=5).run(300)
    forced = [one.reason for one in market.decisions if one.shares[1].size < one.shares[1].found]
    assert set(forced) == {Reason.FORCED_DRAIN}


def test_a_return_of_an_idle_replica_waits_for_nobody():
    assert returning().run(60).asked == (1, 9)


def test_a_tier_that_drains_holds_back_the_size_but_not_its_own_lack():
    market = Busy()
    market.loads = {"on-demand": 5, "spot": 5}
    market.waiting = 0
    market.run(310)
    market.reclaim(2).look()
    assert (market.decision.size, market.asked) == (10, (3, 9))


def test_a_return_that_is_forced_in_a_drain_of_the_size_is_said():
    market = Busy()
    market.run(60).loads = {"on-demand": 5, "spot": 5}
    market.reclaim(3, notice=30).waiting = 0
    market.run(900)
    taken = [one for one in market.decisions if any(share.size < share.found for share in one.shares)]
    assert {one.reason for one in taken} == {Reason.FORCED_DRAIN}


def test_reasons_of_the_tiers_when_the_size_grows():
    market = Market().run(60)
    market.waiting = 1001
    shares = market.run(10).decision.shares
    assert [(share.tier, share.reason) for share in shares if share.size != share.found] == [
        ("on-demand", Reason.SPLIT),
    ]


def test_reasons_of_the_tiers_when_the_size_shrinks():
    market = Market().run(60)
    market.waiting = 0
    market.run(310)
    assert [share.reason for share in market.decision.shares if share.size < share.found] == [Reason.SPLIT]


def test_a_reclaim_and_a_stock_out_are_told_apart():
    reclaimed, short = Market().run(60).reclaim(3).look(), Market(on_demand=1).stock_out()
    short.reclaim(2, notice=0).run(20)
    grown = [share.reason for one in short.decisions for share in one.shares if share.size > share.found]
    assert (reclaimed.shares[1].reason, grown) == (Reason.SPOT_RECLAIMED, [Reason.SPOT_SHORT])


def test_what_overflows_to_spot_says_so():
    market = Market(spotted(guaranteed=Guaranteed(2, 0)), on_demand=2, spot=8).run(60)
    one = next(iter(market.on_demand.pods.values()))
    market.on_demand.pods[one.uid] = replace(one, notice="the node is gone")
    assert [share.reason for share in market.look().shares] == [Reason.ON_DEMAND_SHORT, Reason.AS_EXPECTED]


def test_what_overflowed_to_spot_goes_back_as_a_hand_over():
    market = Market(spotted(guaranteed=Guaranteed(2, 0)), on_demand=2, spot=8).run(60)
    one = next(iter(market.on_demand.pods.values()))
    market.on_demand.pods[one.uid] = replace(one, notice="the node is gone")
    market.look()
    del market.on_demand.pods[one.uid]
    market.run(300)
    taken = [share.reason for one in market.decisions for share in one.shares if share.size < share.found]
    assert (market.asked, taken) == ((2, 8), [Reason.HANDING_OVER])


def test_a_frozen_pool_tells_its_tiers_and_moves_none():
    market = Market().run(60).reclaim(3)
    market.extra = {"paused_until": at(9999)}
    shares = market.look().shares
    assert [(share.tier, share.found, share.size, share.due, share.ready) for share in shares] == [
        ("spot", 9, 9, 9, 6),
        ("on-demand", 1, 1, 1, 1),
    ]


@pytest.mark.parametrize(("seconds", "free"), [(299, False), (300, True)])
def test_the_backoff_ends_on_the_second(seconds, free):
    quick = replace(SPOT, recovery=replace(SPOT.recovery, after=timedelta(0)))
    market = Market(spotted(tiers=(quick, SPEC_ON_DEMAND)), step=1).run(9)
    market.reclaim(1, notice=5).run(1 + seconds)
    assert (market.asked == (1, 9)) is free


SPEC_ON_DEMAND = spotted().tiers[1]


def test_of_a_tier_that_goes_the_idle_ones_go_at_once_and_the_busy_ones_one_deadline_later():
    market = Busy()
    market.run(60).loads = {"on-demand": 5, "spot": 5}
    idle = next(iter(market.spot.pods))
    market.calm = {idle}
    market.spec = replace(market.spec, tiers=(SPEC_ON_DEMAND,))
    assert (market.run(110).asked, idle in market.spot.pods) == ((10, 8), False)
    assert market.run(120).asked == (10, 0)


def test_a_drain_names_every_tier_that_is_busy():
    market = returning(on_demand=5)
    market.loads["spot"] = 5
    market.waiting = 0
    market.run(60 + 300)
    busy = {one.trail[-1].facts["busy"] for one in market.decisions}
    assert busy >= {None, "on-demand"}


def test_a_tier_of_absent_replicas_gives_up_no_more_than_it_is_asked_to():
    part = part_of(spotted(), SPEC_ON_DEMAND, target(6, pods=target(2).pods), Starts(), at(0))
    going = Going(5, (), {"on-demand": Leaving(free=4, waits=True)})
    assert granted(Cut(part, size=5, due=5), going).size == 5


def reasons(market: Market, *, grows: bool) -> set[Reason]:
    """Return why tiers were asked for more, or for fewer, while the size stood."""
    still = [share for one in market.decisions if one.size == one.current for share in one.shares]
    return {share.reason for share in still if share.size != share.found and (share.size > share.found) is grows}


def test_what_goes_back_to_spot_says_so():
    market = Market().run(60).reclaim(3, notice=30).run(900)
    assert (reasons(market, grows=True), reasons(market, grows=False)) == (
        {Reason.SPOT_RECLAIMED},
        {Reason.RETURNING},
    )


def test_what_changes_places_says_so():
    market = Market(on_demand=8, spot=0).run(60)
    assert reasons(market, grows=True) == {Reason.HANDING_OVER}


def test_a_drain_of_two_tiers_names_both():
    market = returning(on_demand=5)
    market.waiting, market.loads["spot"] = 0, 5
    market.spec = replace(market.spec, guaranteed=Guaranteed(), drain_deadline=timedelta(hours=1))
    market.run(400)
    assert "on-demand, spot" in {one.trail[-1].facts["busy"] for one in market.decisions}


def test_a_pool_of_one_tier_beside_a_left_over_says_what_its_surplus_waits_for():
    old = target(1, pods=(), tier="spot", uid="old")
    looked = seen(target=target(4, uid="uid", ours=False), siblings=(old,), readings=(page(1, 1, 1, 1),))
    tiers = Tiers(asked={"on-demand": 4, "spot": 1})
    health = decide(published(), looked, Memory(target="uid", edits=Edits(asked=3), tiers=tiers), at(0))[0].health
    words = "on-demand holds 1 until they are idle or their drain deadline has passed"
    assert (health.split, health.split_detail) == (Reason.HANDING_OVER, words)
