"""What holds of the split over the tiers (R7), whatever spot does."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from builders import is_stuck
from market import SPOT, Market, spotted
from poolkeeper.core.model import ON_DEMAND, Fallback, Guaranteed, Recovery
from poolkeeper.core.split import due

BOTH = (SPOT, ON_DEMAND)
GUARANTEES = st.builds(Guaranteed, st.integers(0, 20), st.integers(0, 100))
SIZES = st.integers(0, 500)
ACTS = ("reclaim", "stock out", "silent stock out", "restock", "grow", "shrink", "wait", "wait", "restart")


def act(market: Market, deed: str, count: int) -> None:
    """Let something happen, and half a minute pass."""
    if deed == "reclaim":
        market.reclaim(count, notice=20)
    elif deed == "stock out":
        market.stock_out()
    elif deed == "silent stock out":
        market.stock_out(told=False)
    elif deed == "restock":
        market.restock()
    elif deed == "restart":
        market.restart()
    market.waiting = {"grow": 1500, "shrink": 0}.get(deed, 500)
    market.run(60 * count if deed == "wait" else 30)


# A history is hundreds of decisions: fewer of them tell as much as many single ones.
HISTORIES = settings(max_examples=max(1, settings.default.max_examples * 2 // 5))
DEEDS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(1, 8)), max_size=15)


def short_times() -> Market:
    """Return a pool whose timers are short, so that all of them end within a history."""
    quick = replace(
        SPOT,
        fallback=Fallback(timedelta(seconds=40), 6),
        recovery=Recovery(timedelta(seconds=60), timedelta(seconds=90)),
    )
    down = replace(spotted().queue.down, grace_period=timedelta(seconds=30))
    return Market(spotted(tiers=(quick, ON_DEMAND), queue={"down": down}))


def lived(deeds) -> Market:
    """Return such a pool after a history."""
    market = short_times()
    for deed, count in deeds:
        act(market, deed, count)
    return market


@given(SIZES, GUARANTEES)
def test_the_tiers_sum_to_the_size(size, guaranteed):
    parts = due(size, guaranteed, BOTH)
    assert sum(parts.values()) == size
    assert min(parts.values()) >= 0


@given(SIZES, GUARANTEES)
def test_one_more_replica_is_one_more_in_one_tier(size, guaranteed):
    before, after = due(size, guaranteed, BOTH), due(size + 1, guaranteed, BOTH)
    assert sorted(after[name] - before[name] for name in before) == [0, 1]


@given(SIZES, GUARANTEES)
def test_what_is_guaranteed_is_the_base_and_the_share_above_it(size, guaranteed):
    held = due(size, guaranteed, BOTH)["on-demand"]
    share = guaranteed.percent_above_base * (size - guaranteed.base)
    assert size <= guaranteed.base or 100 * (held - guaranteed.base) >= share > 100 * (held - guaranteed.base - 1)


@HISTORIES
@given(DEEDS)
@example([("grow", 1), ("reclaim", 7), ("stock out", 1), ("shrink", 1), ("shrink", 1)])
def test_no_more_than_the_maximum_is_taken_over(deeds):
    """What is there already stays while it is needed: a pool that shrinks meanwhile has a smaller due."""
    market = lived(deeds)
    for decision in market.decisions:
        on_demand = next(share for share in decision.shares if share.tier == "on-demand")
        assert on_demand.due <= on_demand.size <= max(on_demand.found, on_demand.due + 6)


@HISTORIES
@given(DEEDS)
def test_spot_is_asked_for_its_due_and_what_covers_on_demand(deeds):
    market = lived(deeds)
    calm = (one for one in market.decisions if not is_stuck(one))
    assert all(share.size >= share.due for one in calm for share in one.shares)


@HISTORIES
@given(DEEDS)
def test_no_decision_takes_away_a_ready_replica_that_the_size_needs(deeds):
    market = lived(deeds)
    for decision in market.decisions:
        left = sum(min(share.ready, share.size) for share in decision.shares)
        assert left >= min(decision.size, decision.ready)


@HISTORIES
@given(st.lists(st.integers(1, 5), min_size=1, max_size=8), st.integers(20, 80))
def test_spot_that_blinks_faster_than_the_backoff_never_gets_anything_back(counts, pause):
    market = short_times()
    for count in counts:
        market.reclaim(count, notice=20).run(pause)
    sizes = [share.size for one in market.decisions for share in one.shares if share.tier == "on-demand"]
    assert sizes == sorted(sizes)


@HISTORIES
@given(DEEDS, st.sampled_from(ACTS[:-1]), st.integers(1, 8))
def test_a_restart_in_any_phase_asks_for_the_same(deeds, deed, count):
    market = short_times()
    for one in deeds:
        act(market, *one)
    act(market, deed, count)
    market.waiting = 500
    twin = deepcopy(market)
    assert market.restart().run(10).decision.size == twin.run(10).decision.size
    assert market.asked == twin.asked


@HISTORIES
@given(DEEDS)
def test_after_every_storm_the_pool_is_split_by_the_formula_again(deeds):
    market = lived(deeds)
    market.restock().waiting = 500
    market.run(1500)
    shares = due(market.decision.size, market.spec.guaranteed, BOTH)
    assert market.asked == (shares["on-demand"], shares["spot"])
    assert market.ready == market.decision.size
