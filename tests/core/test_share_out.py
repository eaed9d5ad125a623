"""The arithmetic of the share-out, on tiers that are given by their numbers."""

from dataclasses import replace

import pytest

from market import SPOT, TEN_PERCENT
from poolkeeper.core.model import ON_DEMAND, Fallback
from poolkeeper.core.observation import Target
from poolkeeper.core.split import Limits, due, is_full, lost, share_out
from poolkeeper.core.startup import Capacity
from poolkeeper.core.tiers import Part


def part(tier, found, **changes) -> Part:
    """Return a tier of which all replicas have been ready for long."""
    ready = changes.pop("ready", found)
    capacity = Capacity(ready, ready, 0, blocked=changes.pop("blocked", False))
    known = {"usable": found, "solid": ready}
    return Part(tier, Target(found, uid="uid", tier=tier.name), capacity, **known | changes)


def spot(found=9, limit=6, **changes) -> Part:
    return part(replace(SPOT, fallback=Fallback(max_replicas=limit)), found, **changes)


def base(found=1, **changes) -> Part:
    return part(ON_DEMAND, found, **changes)


def asked(size, *parts, **limits) -> list[int]:
    return [cut.size for cut in share_out(size, parts, TEN_PERCENT, Limits(**{"before": size} | limits))]


STUCK = {"blocked": True}


@pytest.mark.parametrize(
    ("parts", "full"),
    [
        ((spot(), base()), False),
        ((spot(**STUCK), base()), False),
        ((spot(), base(**STUCK)), False),
        ((spot(**STUCK), base(**STUCK)), True),
        ((spot(**STUCK), base(6)), False),
        ((spot(**STUCK), base(7)), True),
        ((spot(**STUCK), base(8)), True),
        ((spot(limit=None, **STUCK), base(70)), False),
        ((spot(limit=None, **STUCK), base(70, **STUCK)), True),
        ((spot(15, limit=0, **STUCK), base(0)), True),
        ((spot(15, **STUCK), base(0)), False),
        ((spot(limit=0, **STUCK), base(0)), True),
        ((base(10, **STUCK), spot(wanted=False)), True),
        ((base(10), spot(wanted=False, **STUCK)), False),
    ],
)
def test_a_pool_is_full_where_nothing_comes_or_cover_is_used_up(parts, full):
    assert is_full(10, parts, TEN_PERCENT) is full


def test_a_stuck_tier_that_holds_more_than_its_due_covers_nothing():
    assert not is_full(10, (spot(15, limit=6, **STUCK), base(1)), TEN_PERCENT)


@pytest.mark.parametrize(
    ("one", "missing"),
    [
        (spot(9), 0),
        (spot(9, usable=6), 3),
        (spot(9, usable=-1), 9),
        (spot(7), 0),
        (spot(7, short=True), 2),
        (spot(7, usable=5), 2),
        (spot(12, usable=10), 0),
        (spot(12, usable=8), 1),
        (spot(12, usable=8, short=True), 1),
        (spot(7, **STUCK), 2),
    ],
)
def test_what_is_lost_is_due_and_neither_there_nor_to_come(one, missing):
    assert lost(one, 9) == missing


def test_a_hundred_and_one_at_ten_percent():
    assert due(101, TEN_PERCENT, (SPOT, ON_DEMAND)) == {"spot": 90, "on-demand": 11}


@pytest.mark.parametrize(
    ("parts", "limits", "sizes"),
    [
        ((spot(), base()), {}, [9, 1]),
        ((spot(usable=6, ready=6), base()), {}, [9, 4]),
        ((spot(usable=6, ready=6), base(4)), {}, [9, 4]),
        ((spot(usable=1, ready=1), base()), {}, [9, 7]),
        ((spot(usable=6, ready=6), base(**STUCK)), {}, [9, 1]),
        ((spot(ready=9, solid=6), base(4)), {}, [9, 4]),
        ((spot(ready=9, solid=7), base(4)), {}, [9, 3]),
        ((spot(ready=9), base(4)), {}, [9, 3]),
        ((spot(ready=9), base(4)), {"steps": 0}, [9, 4]),
        ((spot(ready=9), base(4)), {"keep": True}, [9, 4]),
        ((spot(ready=9), base(4)), {"before": 11}, [9, 1]),
        ((spot(12), base(1, usable=0, ready=0)), {}, [10, 1]),
        ((spot(12), base(1)), {}, [9, 1]),
        ((spot(7, **STUCK), base()), {}, [7, 3]),
        ((base(1), spot(wanted=False)), {}, [10, 9]),
        ((base(10, ready=4), spot(wanted=False)), {}, [10, 6]),
        ((base(10), spot(wanted=False)), {}, [10, 0]),
        ((spot(ready=4), base(4)), {}, [9, 4]),
    ],
)
def test_a_size_of_ten_is_shared_out(parts, limits, sizes):
    assert asked(10, *parts, **limits) == sizes
