"""How the split stands, in the words that somebody reads at 3 a.m."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, loading, pod, seen, target
from market import Market, spotted
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edits, Memory, Tiers
from poolkeeper.core.model import ON_DEMAND, Guaranteed
from poolkeeper.core.observation import Target, Wait
from poolkeeper.core.reasons import Reason
from poolkeeper.core.standing import span

SHORT = {"scheduled_at": None, "ready_at": None}


def spot(*pods, replicas=9, **changes) -> Target:
    return Target(replicas, tier="spot", ours=True, pods=pods, **changes)


def on_demand(*pods, replicas=1, **changes) -> Target:
    return target(replicas, **{"pods": pods or (pod(50),)} | changes)


def eight(first) -> tuple:
    return (first, *(pod(number) for number in range(1, 9)))


def stands(sibling, base=None, *, spec=None, asked=None, tiers=None, **changes) -> tuple[Reason | None, str]:
    base = base or on_demand()
    halves = {"on-demand": base.replicas, "spot": sibling.replicas}
    memory = Memory(edits=Edits(asked=asked or 10), tiers=tiers or Tiers(asked=halves, lost_since=at(-60)))
    looked = seen(target=base, siblings=(sibling,), **changes)
    health = decide(spec or spotted(), looked, memory, at(0))[0].health
    return health.split, health.split_detail


NOTICED = pod(0, notice="SpotInterrupted: reclaimed")
NODELESS = loading(0, -5, wait=Wait.STOCK_OUT, trouble="InsufficientCapacityError", **SHORT)
WRONG = loading(0, -5, wait=Wait.MISCONFIGURED, trouble="node selector matches no node", **SHORT)


@pytest.mark.parametrize(
    ("sibling", "reason", "words"),
    [
        (
            spot(*eight(NOTICED)),
            Reason.SPOT_RECLAIMED,
            "spot has 8 of 9 ready (SpotInterrupted: reclaimed); on-demand covers 1",
        ),
        (
            spot(*eight(NODELESS)),
            Reason.SPOT_SHORT,
            "spot has 8 of 9 ready (InsufficientCapacityError); on-demand covers 1",
        ),
        (
            spot(pod(1), failure="exceeded quota: gpus", failure_since=at(-120)),
            Reason.FALLBACK_AT_MAXIMUM,
            "spot has 1 of 9 ready (exceeded quota: gpus); on-demand covers 6; fallback.maxReplicas is 6",
        ),
        (spot(*eight(WRONG)), Reason.SPOT_MISCONFIGURED, "node selector matches no node"),
        (
            spot(*eight(loading(0, -9999, trouble="CrashLoopBackOff"))),
            Reason.SPOT_SHORT,
            "spot has 8 of 9 ready (CrashLoopBackOff); on-demand covers 1",
        ),
        (spot(*eight(pod(0))), Reason.AS_EXPECTED, ""),
    ],
)
def test_what_spot_lacks_is_said_with_the_words_of_whoever_knows(sibling, reason, words):
    assert stands(sibling) == (reason, words)


def test_what_forbids_a_split_comes_first():
    words = "add nodeSelector"
    found = stands(spot(*eight(NOTICED)), unsplit=Reason.TARGET_NOT_PINNED, unsplit_detail=words)
    assert found == (Reason.TARGET_NOT_PINNED, words)


def test_on_demand_without_a_matching_node_is_no_fault_of_spot():
    base = on_demand(replace(WRONG, uid="od"))
    assert stands(spot(*eight(pod(0))), base)[0] is Reason.AS_EXPECTED


def test_where_on_demand_is_stuck_as_well_nothing_covers():
    stuck = tuple(loading(60 + number, -9999, trouble="no GPU left", **SHORT) for number in range(2))
    base = on_demand(*stuck, replicas=2)
    assert stands(spot(*eight(NODELESS)), base, asked=11)[1].startswith(
        "spot has 8 of 9 ready (InsufficientCapacityError); nothing"
    )


def test_what_came_back_and_is_not_ready_is_still_told_as_reclaimed():
    pods = (loading(0, -5), *(pod(number) for number in range(1, 9)))
    tiers = Tiers(asked={"on-demand": 2, "spot": 9}, lost_since=at(-60), reclaimed_at=at(-60))
    found = stands(spot(*pods), on_demand(pod(50), pod(51), replicas=2), tiers=tiers)
    assert found == (Reason.SPOT_RECLAIMED, "spot has 8 of 9 ready; on-demand covers 1")


def test_what_on_demand_lacks_is_said():
    base = on_demand(pod(50, notice="the node is gone"))
    found = stands(spot(*eight(pod(0))), base, tiers=Tiers(asked={"on-demand": 1, "spot": 9}))
    assert found == (Reason.ON_DEMAND_SHORT, "on-demand has 0 of 1 ready (the node is gone)")


def test_the_way_back_says_what_it_waits_for():
    tiers = Tiers(asked={"on-demand": 3, "spot": 9}, lost_since=at(-900), reclaimed_at=at(-299))
    fresh = (pod(0, ready_at=at(-5)), *(pod(number) for number in range(1, 9)))
    base = on_demand(*(pod(50 + number) for number in range(3)), replicas=3)
    words = "on-demand holds 2 until as many spot replicas have been ready for 10m, not before 12:00:01Z"
    assert stands(spot(*fresh), base, tiers=tiers) == (Reason.RECOVERING, words)


def test_a_backoff_that_is_over_is_not_spoken_of():
    tiers = Tiers(asked={"on-demand": 3, "spot": 9}, lost_since=at(-900), reclaimed_at=at(-300))
    fresh = (pod(0, ready_at=at(-5)), *(pod(number) for number in range(1, 9)))
    base = on_demand(*(pod(50 + number) for number in range(3)), replicas=3)
    assert stands(spot(*fresh), base, tiers=tiers)[1].endswith("until as many spot replicas have been ready for 10m")


def test_spot_switched_on_is_a_hand_over_that_says_what_it_waits_for():
    health = Market(on_demand=8, spot=0).run(60).decision.health
    words = "on-demand holds 7 until as many spot replicas have been ready for 10m"
    assert (health.split, health.split_detail) == (Reason.HANDING_OVER, words)


def test_spot_switched_off_is_a_hand_over_that_says_what_it_waits_for():
    market = Market(on_demand=1, spot=7).run(60)
    market.spec = spotted(tiers=(ON_DEMAND,))
    health = market.run(20).decision.health
    words = "spot holds 7 until as many on-demand replicas are ready"
    assert (health.split, health.split_detail) == (Reason.HANDING_OVER, words)


def test_a_pool_of_one_tier_says_nothing_of_a_split():
    assert decide(spotted(tiers=(ON_DEMAND,)), seen(), Memory(), at(0))[0].health.split is None


def test_a_pool_that_cannot_be_split_says_so_though_it_has_one_tier():
    looked = seen(unsplit=Reason.PROVIDER_UNKNOWN, unsplit_detail="name it")
    health = decide(spotted(), looked, Memory(), at(0))[0].health
    assert (health.split, health.split_detail, health.lost) == (Reason.PROVIDER_UNKNOWN, "name it", 0)


def test_what_is_lost_is_told_until_all_of_it_has_gone_back():
    market = Market().run(60).reclaim(2, notice=30)
    lost = {one.health.lost for one in market.run(600).decisions}
    assert (lost, market.decision.health.lost_since) == ({0, 2}, at(70))
    assert market.run(400).decision.health.lost_since is None


def test_a_hand_over_is_no_loss():
    market = Market(on_demand=8, spot=0).run(60)
    assert (market.decision.health.lost, market.decision.health.lost_since) == (0, None)


def test_an_overflow_tells_of_no_loss_of_spot():
    market = Market(spotted(guaranteed=Guaranteed(2, 0)), on_demand=2, spot=8).run(60)
    one = next(iter(market.on_demand.pods.values()))
    market.on_demand.pods[one.uid] = replace(one, notice="the node is gone")
    assert market.look().health.lost_since is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (90, "90s"), (600, "10m"), (0.5, "0.5s"), (60.5, "60.5s")],
)
def test_a_duration_is_written_as_in_a_spec(seconds, words):
    assert span(timedelta(seconds=seconds)) == words
