"""SkyServe's autoscalers, after its documentation, its source (autoscalers.py) and SpotHedge (arXiv 2411.01438)."""

from dataclasses import replace

import pytest

from poolkeeper.core.model import ON_DEMAND, CapacityType, Tier
from poolkeeper.simulate.peers.placer import Placer
from poolkeeper.simulate.peers.skyserve import RequestRate, SpotFallback, by_rate, hedged, on_spot, tuned

SPOT = Tier("spot", CapacityType.SPOT)


def looks(policy, show, size, count, begin=0, **seen):
    """Return what is decided in so many looks, twenty seconds apart."""
    return [policy.decide(show(size, now=begin + 20 * number, **seen)) for number in range(count)]


def test_it_grows_after_three_hundred_seconds(show, terms):
    """constants.py: decisions every 20 s, upscale delay 300 s: the fifteenth in a row."""
    assert looks(by_rate(1, 10, terms), show, 2, 16, arrival_rate=30) == [2] * 14 + [5, 5]


def test_it_shrinks_after_twelve_hundred_seconds(show, terms):
    """constants.py: downscale delay 1200 s: the sixtieth in a row."""
    assert looks(by_rate(1, 10, terms), show, 5, 61, arrival_rate=9) == [5] * 59 + [2, 2]


def test_looks_the_other_way_begin_anew(show, terms):
    policy = by_rate(1, 10, terms)
    looks(policy, show, 2, 11, arrival_rate=30)
    looks(policy, show, 2, 4, 220, arrival_rate=0)
    assert looks(policy, show, 2, 14, 300, arrival_rate=30) == [2] * 14


def test_requests_count_in_a_window_of_a_minute(show):
    """constants.py: AUTOSCALER_QPS_WINDOW_SIZE_SECONDS 60."""
    rate = RequestRate("sky", 1, 10, 1.0).rate
    assert [rate.add(at, value) for at, value in ((0, 90), (20, 3), (40, 6), (60, 9))][-1] == 6


def test_from_zero_it_grows_at_once(show):
    """autoscalers.py: faster scale up when there is no replica."""
    assert looks(RequestRate("sky", 0, 10, 1.0), show, 0, 1, arrival_rate=3) == [3]


def test_without_metrics_the_target_stays(show, terms):
    assert looks(by_rate(1, 10, terms), show, 3, 20, missing=True) == [3] * 20


def test_tuned_it_leaves_a_fifth(show, terms):
    assert looks(tuned(1, 10, terms), show, 4, 15, arrival_rate=4 * 6.0)[-1] == 5


def fallback(base=0, extra=0):
    return SpotFallback(RequestRate("sky", 1, 10, 1.0), Placer(("spot",)), "on-demand", base, extra)


@pytest.mark.parametrize(("ready", "stand_in"), [(0, 3), (1, 2), (3, 0)])
def test_on_demand_stands_in_for_spot_that_is_not_ready(show, ready, stand_in):
    """docs.skypilot.co, "Dynamic on-demand fallback"; autoscalers.py: base + (spot to provision - spot ready)."""
    seen = show(3, arrival_rate=3, by_tier={"spot": (3, ready)})
    assert fallback().decide(seen) == {"spot": 3, "on-demand": stand_in}


def test_a_base_is_always_on_demand(show):
    """docs.skypilot.co, "Base on-demand fallback": of three replicas one is on demand."""
    assert fallback(base=1).decide(show(3, arrival_rate=3, by_tier={"spot": (2, 2)})) == {"spot": 2, "on-demand": 1}


@pytest.mark.parametrize(("ready", "stand_in"), [(0, 3), (1, 3), (2, 3), (4, 1), (5, 0)])
def test_the_hedge_has_two_more_on_spot(show, ready, stand_in):
    """autoscalers.py: no on-demand fallback for replicas over what is needed, min(N, N + extra - ready)."""
    seen = show(3, arrival_rate=3, by_tier={"spot": (5, ready)})
    assert fallback(extra=2).decide(seen) == {"spot": 5, "on-demand": stand_in}


@pytest.mark.parametrize(("make", "name"), [(on_spot, "skyserve-spot"), (hedged, "skyserve-hedge")])
def test_it_takes_the_spot_tiers_of_the_terms(show, terms, make, name):
    policy = make(1, 10, replace(terms, tiers=(SPOT, ON_DEMAND)))
    assert (policy.name, set(policy.decide(show(2, by_tier={"spot": (2, 2)})))) == (name, {"spot", "on-demand"})


def test_without_spot_tiers_all_is_on_demand(show, terms):
    assert hedged(1, 10, terms).decide(show(2)) == 2


def place(show, placer, spot, **ready):
    return placer.placed(spot, show(by_tier={zone: (count, count) for zone, count in ready.items()}))


def test_replicas_are_spread_over_the_zones(show):
    assert place(show, Placer(("a", "b", "c")), 5) == {"a": 2, "b": 2, "c": 1}


def test_what_a_zone_has_stays(show):
    placer = Placer(("a", "b", "c"))
    place(show, placer, 4)
    assert place(show, placer, 4, a=2, b=1, c=1) == {"a": 2, "b": 1, "c": 1}


def test_a_zone_that_lost_a_replica_gets_none(show):
    placer = Placer(("a", "b", "c"))
    place(show, placer, 3)
    place(show, placer, 3, a=1, b=1, c=1)
    assert place(show, placer, 3, b=1, c=1) == {"a": 0, "b": 2, "c": 1}


def test_a_zone_is_good_again_when_one_of_its_becomes_ready(show):
    placer = Placer(("a", "b", "c"))
    place(show, placer, 3)
    place(show, placer, 3, a=1, b=1, c=1)
    place(show, placer, 3, b=1, c=1)
    place(show, placer, 3, a=1, b=1, c=1)
    assert not placer.bad


def test_when_fewer_than_two_are_good_all_are(show):
    placer = Placer(("a", "b", "c"))
    place(show, placer, 3)
    place(show, placer, 3, a=1, b=1, c=1)
    place(show, placer, 3, c=1)
    assert not placer.bad


def test_fewer_replicas_leave_the_fullest_zone(show):
    placer = Placer(("a", "b"))
    place(show, placer, 4)
    assert place(show, placer, 3, a=2, b=2) == {"a": 1, "b": 2}
