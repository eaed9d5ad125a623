"""What each tier has, and what of it counts, pod by pod."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, loading, pod, seen, target
from market import SPOT, spotted
from poolkeeper.core.memory import Starts
from poolkeeper.core.model import ON_DEMAND
from poolkeeper.core.observation import FOR_GOOD, Target, Wait
from poolkeeper.core.reasons import Reason
from poolkeeper.core.tiers import Part, part_of, parts_of, usable_tiers

SPEC = spotted(startup_timeout=timedelta(seconds=60))
FELL = {"ready_at": None, "unready_since": at(-10)}


def nodeless(since, wait=None):
    return loading(5, since, scheduled_at=None, wait=wait)


def spot(*pods, replicas=None, starts=Starts(), **changes) -> Part:  # noqa: B008  a frozen value
    found = Target(len(pods) if replicas is None else replicas, pods=pods, tier="spot", **changes)
    return part_of(SPEC, SPOT, found, starts, at(0))


def on_demand(*pods, replicas=None) -> Part:
    found = Target(len(pods) if replicas is None else replicas, pods=pods)
    return part_of(SPEC, ON_DEMAND, found, Starts(), at(0))


@pytest.mark.parametrize(
    ("one", "usable", "solid", "short", "lasts_until"),
    [
        (pod(0), 1, 1, False, None),
        (pod(0, ready_at=at(-599)), 1, 0, False, None),
        (pod(0, ready_at=at(-600)), 1, 1, False, None),
        (pod(0, notice="reclaimed"), 0, 0, False, None),
        (loading(0, -30), 1, 0, False, at(30)),
        (loading(0, -60), 0, 0, False, None),
        (pod(0, **FELL), 1, 0, False, at(50)),
        (loading(0, -30, notice="reclaimed"), 0, 0, False, None),
        (nodeless(-119), 1, 0, False, at(1)),
        (nodeless(-120), 0, 0, True, None),
        (nodeless(-120, Wait.LAUNCHING), 1, 0, False, at(180)),
        (nodeless(-300, Wait.LAUNCHING), 0, 0, True, None),
        (nodeless(-1, Wait.STOCK_OUT), 0, 0, True, None),
        (nodeless(-9999, Wait.MISCONFIGURED), 1, 0, False, None),
    ],
)
def test_what_a_spot_pod_counts_for(one, usable, solid, short, lasts_until):
    # One under notice has its replacement missing from this very look on: it is not there to count.
    part = spot(one, replicas=1)
    assert (part.usable, part.solid, part.short, part.lasts_until) == (usable, solid, short, lasts_until)


def test_a_long_fallback_outlasts_the_launch_of_a_node():
    patient = replace(SPOT, fallback=replace(SPOT.fallback, after=timedelta(minutes=9)))
    found = Target(1, pods=(nodeless(-500, Wait.LAUNCHING),), tier="spot")
    assert part_of(SPEC, patient, found, Starts(), at(0)).lasts_until == at(40)


@pytest.mark.parametrize(("since", "usable", "short"), [(-119, 3, False), (-120, 1, True)])
def test_replicas_that_a_quota_refuses_wait_like_pods_of_which_nothing_is_said(since, usable, short):
    part = spot(pod(0), replicas=3, failure="exceeded quota", failure_since=at(since))
    assert (part.usable, part.short) == (usable, short)


def test_replicas_without_pods_wait_from_the_look_that_missed_them():
    assert spot(pod(0), replicas=2, starts=Starts(lacking_since=at(-20))).lasts_until == at(100)


def test_more_pods_than_replicas_count_for_no_more_than_the_replicas():
    assert spot(pod(0), pod(1), loading(2, -1), replicas=2).usable == 2


def test_the_first_to_be_lost_and_the_first_to_be_steady_are_told():
    part = spot(loading(0, -30), loading(1, -20), pod(2, ready_at=at(-60)), pod(3, ready_at=at(-30)))
    assert (part.lasts_until, part.steady_at) == (at(30), at(540))


def test_nobody_is_steady_later_who_is_now():
    assert spot(pod(0), pod(1, ready_at=at(-600))).steady_at is None


@pytest.mark.parametrize(
    ("pods", "replicas", "usable", "solid"),
    [
        ((pod(0), pod(1)), 2, 2, 2),
        ((pod(0), pod(1, notice="the node is gone")), 2, 1, 1),
        ((pod(0), loading(1, -30)), 2, 2, 1),
        ((pod(0), loading(1, -60)), 2, 1, 1),
        ((pod(0), nodeless(-30, Wait.STOCK_OUT)), 2, 2, 1),
        ((pod(0), nodeless(-60)), 1, 1, 1),
        ((pod(0), pod(1), pod(2)), 2, 2, 3),
    ],
)
def test_what_on_demand_pods_count_for(pods, replicas, usable, solid):
    part = on_demand(*pods, replicas=replicas)
    assert (part.usable, part.solid, part.short) == (usable, solid, False)


def test_notices_are_told_and_ready_pods_under_notice_are_not_ready():
    part = spot(pod(0), pod(1, notice="reclaimed"))
    assert ([one.uid for one in part.noticed], part.capacity.ready) == (["uid-1"], 1)


@pytest.mark.parametrize(
    ("changes", "room"),
    [({}, True), ({"wanted": False}, False), ({"short": True}, False)],
)
def test_there_is_room_in_a_tier_that_is_wanted_and_not_short(changes, room):
    assert replace(spot(pod(0)), **changes).has_room is room


def test_there_is_no_room_where_starts_are_stuck():
    assert not on_demand(loading(0, -99), loading(1, -99)).has_room


@pytest.mark.parametrize(
    ("unsplit", "names"),
    [(Reason.AS_EXPECTED, ["spot", "on-demand"]), (Reason.TARGET_NOT_PINNED, ["on-demand"])],
)
def test_what_forbids_a_split_leaves_the_guaranteed_tier(unsplit, names):
    assert [tier.name for tier in usable_tiers(SPEC, seen(unsplit=unsplit))] == names


def parts(**changes) -> dict[str, tuple[int, bool]]:
    looked = seen(**{"target": target(2)} | changes)
    starts = {name: Starts() for name in ("on-demand", *(one.tier for one in looked.siblings))}
    return {one.name: (one.found, one.wanted) for one in parts_of(SPEC, looked, looked.target, starts, at(0))}


def test_a_sibling_that_is_not_there_has_no_replicas():
    assert parts() == {"spot": (0, True), "on-demand": (2, True)}


def test_a_sibling_of_a_tier_that_the_spec_has_no_more_is_left_over():
    old = Target(3, tier="old", pods=(pod(0), pod(1), pod(2)))
    assert parts(siblings=(old,)) == {"spot": (0, True), "on-demand": (2, True), "old": (3, False)}


def test_a_sibling_of_a_pool_that_cannot_be_split_is_left_over():
    found = parts(siblings=(target(9, tier="spot"),), unsplit=Reason.TARGET_NOT_PINNED)
    assert found == {"on-demand": (2, True), "spot": (9, False)}


def test_no_end_lies_beyond_all_time():
    part = spot(nodeless(-9, Wait.MISCONFIGURED), loading(1, -30))
    assert part.lasts_until == at(30) < FOR_GOOD
