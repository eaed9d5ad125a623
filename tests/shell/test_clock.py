from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.shell.clock import Clock

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
AT_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ManualClock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def monotonic():
    return ManualClock()


@pytest.fixture
def clock(monotonic):
    clock = Clock(monotonic)
    clock.sync(NOON)
    return clock


def test_it_starts_at_the_servers_date(clock):
    assert clock.now() == AT_NOON


def test_its_time_is_aware(clock):
    assert clock.now().tzinfo is UTC


def test_the_monotonic_clock_carries_it_on(clock, monotonic):
    monotonic.seconds += 61.5
    assert clock.now() == AT_NOON + timedelta(seconds=61.5)


def test_a_jump_of_the_servers_clock_moves_nothing(clock):
    clock.sync("Sun, 22 Nov 2026 13:00:00 GMT")
    assert clock.now() == AT_NOON


def test_a_jump_back_moves_nothing(clock):
    clock.sync("Sun, 22 Nov 2026 11:59:00 GMT")
    assert clock.now() == AT_NOON


def test_a_jump_is_told(clock):
    assert clock.sync("Sun, 22 Nov 2026 13:00:00 GMT") == timedelta(hours=1)


def test_a_later_date_makes_up_for_the_cut_fraction(clock, monotonic):
    monotonic.seconds += 0.3
    clock.sync("Sun, 22 Nov 2026 12:00:01 GMT")
    assert clock.now() == AT_NOON + timedelta(seconds=1)


def test_a_date_cut_to_the_second_never_turns_it_back(clock, monotonic):
    monotonic.seconds += 0.9
    clock.sync(NOON)
    assert clock.now() == AT_NOON + timedelta(seconds=0.9)


def test_before_the_first_date_there_is_no_time():
    with pytest.raises(RuntimeError, match="not been heard"):
        Clock().now()


def test_it_says_whether_it_is_ready(clock):
    assert (clock.ready, Clock().ready) == (True, False)
