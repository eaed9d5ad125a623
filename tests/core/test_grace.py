"""R2's clock: the scenarios that grace.py draws, one row each."""

from datetime import timedelta

import pytest

from builders import at
from poolkeeper.core.grace import GAP, Signs, advance, passed, restart
from poolkeeper.core.memory import Grace

THREE = timedelta(seconds=3)
SECOND = timedelta(seconds=1)


def drawn(line: str) -> list[int]:
    """Return at which samples of the line the clock fires; `s` is short, `.` is not, `_` is a second without any."""
    clock, fired = Grace(), []
    for second, mark in enumerate(line):
        if mark == "_":
            continue
        clock = advance(clock, Signs(at(second), short=mark == "s"), SECOND)
        if passed(clock.short_since, clock.sampled_at, THREE):
            fired.append(second)
            clock = restart(clock)
    return fired


@pytest.mark.parametrize(
    ("line", "fired"),
    [
        ("sss", []),
        ("ssss", [3]),
        ("sssssss", [3, 6]),
        ("ss.ssss", [6]),
        ("s.s.s.s.", []),
        ("ss__s", [4]),
        ("s" + 29 * "_" + "s", [30]),
        ("s" + 30 * "_" + "s", []),
        ("s" + 30 * "_" + "ssss", [34]),
        ("sss" + 40 * "_" + "ss", [44]),
        ("..ssss..ssss", [5, 11]),
    ],
)
def test_the_clock_fires_after_three_seconds_without_a_break(line, fired):
    assert drawn(line) == fired


def test_a_gap_moves_both_clocks_on():
    ran = Grace(short_since=at(0), long_since=at(5), sampled_at=at(10))
    clock = advance(ran, Signs(at(50), long=True, short=True), SECOND)
    assert (clock.short_since, clock.long_since) == (at(40), at(45))


def test_a_gap_of_exactly_the_allowance_counts():
    clock = advance(Grace(short_since=at(0), sampled_at=at(0)), Signs(at(0) + GAP, short=True), SECOND)
    assert clock.short_since == at(0)


def test_a_clock_without_a_last_look_has_not_run():
    clock = advance(Grace(short_since=at(0), long_since=at(0)), Signs(at(400), long=True, short=True), SECOND)
    assert (clock.short_since, clock.long_since) == (at(400), at(400))


def test_growth_runs_on_its_own_clock():
    clock = advance(Grace(short_since=at(0), sampled_at=at(1)), Signs(at(2), long=True), SECOND)
    assert (clock.short_since, clock.long_since) == (None, at(2))


def test_a_new_start_leaves_the_other_clock_alone():
    clock = restart(Grace(short_since=at(0), long_since=at(1), sampled_at=at(9)))
    assert clock == Grace(short_since=at(9), long_since=at(1), sampled_at=at(9))


@pytest.mark.parametrize(("since", "until", "fires"), [(None, 9, False), (0, None, False), (0, 2, False), (0, 3, True)])
def test_a_duration_has_passed_once_the_samples_span_it(since, until, fires):
    began, looked = (None if second is None else at(second) for second in (since, until))
    assert passed(began, looked, THREE) is fires


def test_a_slow_pace_is_no_gap():
    ran = Grace(short_since=at(0), sampled_at=at(0))
    clock = advance(ran, Signs(at(60), short=True), timedelta(minutes=1))
    assert clock.short_since == at(0)
