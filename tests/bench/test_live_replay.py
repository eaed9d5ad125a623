"""What the benchmark says of two lives of one pool."""

from datetime import timedelta

import pytest
from live_replay import alike, hours, size_at

from rig.replayed import Life, Pair, Step, Window


def life(*steps):
    return Life(tuple(Step(at, size) for at, size in steps), 0.0, 0.0, 1.0, 0.0, 1.0)


def test_a_size_stands_until_the_next():
    assert [size_at(life((10, 3), (20, 5)), second) for second in (9, 10, 19, 20)] == [2, 3, 3, 5]


def test_a_size_that_came_later_was_another_meanwhile():
    pair = Pair(life((10, 3)), life((15, 3)), life((12, 3)), 0.0, timedelta(seconds=5))
    assert alike(pair, 100) == 0.95


def test_hours_are_those_until_the_end():
    assert hours(life((1800, 4), (3600, 8)), 3600) == pytest.approx(2 / 2 + 4 / 2)


def test_the_requests_of_a_window_come_after_the_quiet():
    traffic = Window("constant:4", 0, 10, 1).arrivals(2.5, 5)
    counts = [one.requests for one in traffic.arrivals]
    assert (counts[:3], len(counts), sum(counts)) == ([0, 0, 0], 18, 40)
