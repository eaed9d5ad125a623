"""A size for each hour, and the same size around the clock."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from poolkeeper.simulate.peers import PEERS, peer
from poolkeeper.simulate.peers.schedule import Hours, by_hour

HOUR = 3600
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(("hour", "size"), [(0, 1), (9.99, 1), (10, 4), (19.99, 4), (20, 1), (34, 4)])
def test_the_published_schedule(show, terms, hour, size):
    """The published case: ten to twenty o'clock."""
    assert by_hour(1, 4, terms).decide(show(now=hour * HOUR)) == size


def test_sizes_of_ones_own_are_kept_within_the_bounds(show, terms):
    policy = by_hour(2, 8, replace(terms, hours=tuple(range(24))))
    assert [policy.decide(show(now=hour * HOUR)) for hour in (0, 5, 23)] == [2, 5, 8]


@pytest.mark.parametrize(("hours", "size"), [(1, 1), (2, 3), (3, 4)])
def test_the_hour_is_that_of_the_wall(hours, size):
    """New York, 8 March 2026: after 01:59 comes 03:00."""
    assert Hours(tuple(range(24)), datetime(2026, 3, 8, tzinfo=NEW_YORK)).size(hours * HOUR) == size


def test_around_the_clock_is_the_maximum(show, terms):
    assert PEERS["static"](2, 8, terms).decide(show(3)) == 8


def test_a_given_size_around_the_clock(show, terms):
    assert peer("static=6", 2, 8, terms).decide(show(3)) == 6
