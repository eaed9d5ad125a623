"""Waits in exact batches, against a queue of single requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.core.waits import Waits

STEPS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=12)
"""Each second: how many come, and how many of those that came before start."""


def batched(steps: list[tuple[int, int]]) -> Waits:
    waits = Waits()
    for second, (came, started) in enumerate(steps):
        waits.start(second, second + 1, min(started, waits.waiting))
        if came:
            waits.arrive(second, second + 1, came)
    return waits


def singly(steps: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Return (wait, how far it reaches to both sides where requests are a fluid) of each request that started."""
    queue: list[tuple[float, float]] = []
    waits = []
    for second, (came, started) in enumerate(steps):
        ready, queue = queue[:started], queue[started:]
        for place, (at, width) in enumerate(ready):
            wait = second + (place + 0.5) / len(ready) - at
            waits.append((wait, abs(1 / len(ready) - width) / 2))
        queue += [(second + (place + 0.5) / came, 1 / came) for place in range(came)]
    return waits


@given(STEPS, st.integers(0, 12))
def test_the_share_inside_is_that_of_single_requests(steps, sla):
    waits, single = batched(steps), singly(steps)
    least = sum(wait + reach <= sla - 0.001 for wait, reach in single)
    most = sum(wait - reach <= sla + 0.001 for wait, reach in single)
    assert least - 0.01 <= waits.inside(sla) * waits.total <= max(most + 0.01, waits.total if not waits.total else 0)


@given(STEPS)
def test_nobody_is_lost(steps):
    waits = batched(steps)
    assert waits.total == sum(came for came, _ in steps)
    assert waits.started == pytest.approx(len(singly(steps)))


@given(STEPS)
def test_the_punctual_are_those_inside_the_sla(steps):
    waits = batched(steps)
    assert waits.punctual == pytest.approx(waits.inside(waits.sla) * waits.total, abs=1e-6)


@given(STEPS, st.floats(0.01, 1))
def test_a_percentile_is_where_that_share_has_started(steps, share):
    waits = batched(steps)
    if waits.started:
        assert waits.inside(waits.percentile(share) + 0.01) * waits.total >= share * waits.started - 0.01


@pytest.mark.parametrize("wait", [0.004, 0.5, 2.0, 9.99, 33.3, 1200, 86400])
def test_a_wait_is_known_to_ten_milliseconds_or_half_a_percent(wait):
    waits = Waits()
    waits.arrive(0, 0, 10)
    waits.start(wait, wait, 10)
    assert waits.percentile(0.5) == pytest.approx(wait, rel=0.005, abs=0.01)


def test_who_starts_at_once_does_not_wait():
    waits = Waits()
    waits.passed(3)
    assert (waits.percentile(0.99), waits.inside(0), waits.started) == (0, 1, 3)


def test_an_even_start_of_what_came_at_once_is_even():
    waits = Waits()
    waits.arrive(0, 0, 100)
    waits.start(0, 10, 100)
    assert [waits.percentile(share) for share in (0.1, 0.5, 0.99)] == pytest.approx([1, 5, 9.9])


def test_a_share_between_two_edges_is_between_theirs():
    waits = Waits()
    waits.arrive(0, 0, 100)
    waits.start(0, 10, 100)
    assert waits.inside(3.3333) == pytest.approx(0.33333)


def test_an_empty_queue_is_inside_any_sla():
    waits = Waits()
    assert (waits.inside(2), waits.percentile(0.99)) == (1, 0)


def test_who_still_waits_is_not_inside():
    waits = Waits()
    waits.arrive(0, 1, 4)
    assert waits.inside(1000) == 0


def test_no_more_start_than_wait():
    waits = Waits()
    waits.arrive(0, 1, 4)
    waits.start(1, 2, 5)
    assert (waits.started, waits.waiting) == (4, 0)


def test_the_last_percentile_is_the_longest_wait():
    waits = Waits()
    waits.arrive(0, 0, 1 / 3)
    waits.start(4, 5, 1 / 3)
    assert waits.percentile(1) == pytest.approx(5, abs=0.01)


def test_small_waits_after_a_bend_are_told_from_long_ones():
    waits = Waits()
    waits.arrive(0, 0, 50)
    waits.start(0, 5, 50)
    waits.arrive(100, 100, 50)
    waits.start(150, 150, 50)
    assert waits.inside(5) == pytest.approx(0.5)
