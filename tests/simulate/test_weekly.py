"""The week that a history repeats, and what does not belong to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from poolkeeper.core.week import SLOTS
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.weekly import filled, learn, quantile, without_spikes
from traffic import MONDAY, STEP, Recipe, history, office, spoiled

NY = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")
MONDAY_NOON, SUNDAY_NOON = 24, 6 * 48 + 24


def test_a_shape_comes_back_on_the_zones_walls_over_the_day_the_clock_is_set():
    usual = learn(history(office, Recipe(zone=NY.key, noise=0)), NY).usual
    assert [usual[number] for number in (15, 16, 35, 36)] == [8, 70, 70, 8]


def test_holes_spikes_and_a_viral_hour_move_nothing():
    clean = history(office, Recipe(zone=NY.key, noise=0))
    assert learn(without_spikes(spoiled(clean)), NY).usual == learn(clean, NY).usual


def test_the_high_quantile_is_above_the_usual():
    found = learn(history(office, Recipe(noise=0.2)), UTC_ZONE)
    assert found.high[MONDAY_NOON] > 1.05 * found.usual[MONDAY_NOON]


def viral(day: int, days: int = 28) -> Series:
    """Return office hours with one busy hour from noon of a day on."""
    series = history(office, Recipe(days=days, noise=0.02))
    busy = range(day * 144 + 72, day * 144 + 78)
    values = tuple(5 * one if number in busy else one for number, one in enumerate(series.values))
    return replace(series, values=values)


@pytest.mark.parametrize("days", [7, 14, 28])
def test_an_hour_out_of_the_ordinary_is_named(days):
    found = learn(viral(2, days), UTC_ZONE).outliers
    assert found == tuple(datetime(2026, 10, 7, 12, 10 * number, tzinfo=UTC) for number in range(6))


def test_what_two_weeks_agree_on_is_no_outlier():
    weekly = learn(Series(MONDAY, STEP, (viral(2, 7).values) * 2), UTC_ZONE)
    assert not weekly.outliers


def test_a_slot_that_was_never_measured_is_taken_from_the_same_kind_of_day():
    series = history(office, Recipe(days=7, noise=0))
    values = (*(None for _ in range(144)), *series.values[144:])
    assert learn(replace(series, values=values), UTC_ZONE).usual[MONDAY_NOON] == 70


def test_nothing_measured_is_nothing_known():
    found = learn(Series(MONDAY, STEP, (None,) * 144), UTC_ZONE)
    assert (found.usual, found.high, found.largest) == ((None,) * SLOTS, (None,) * SLOTS, 0)


def test_what_cannot_be_load_is_left_out_and_said():
    found = without_spikes(Series(MONDAY, STEP, (1.0,) * 200 + (-1, 1e6)))
    assert found.values[-2:] == (None, None)
    assert found.notes == ("2 values that cannot be load (negative, or over 10) were left out",)


def test_the_usual_load_stands_in_for_holes_and_outliers():
    series = viral(2)
    values = (*series.values[:60], None, *series.values[61:])
    weekly = learn(replace(series, values=values), UTC_ZONE)
    traffic = filled(replace(series, values=values), weekly, UTC_ZONE)
    stand_ins = [traffic[60][1], traffic[2 * 144 + 72][1]]
    assert stand_ins == [pytest.approx(70, rel=0.05)] * 2


def test_traffic_ends_where_the_history_does():
    series = history(office, Recipe(days=1))
    assert filled(series, learn(series, UTC_ZONE), UTC_ZONE)[-1] == (MONDAY + timedelta(days=1), 0)


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 2.5), (1, 4), (0.9, 3.7)])
def test_a_quantile_lies_between_two_values(share, value):
    assert quantile([4, 2, 3, 1], share) == pytest.approx(value)


def test_of_nothing_there_is_no_quantile():
    assert quantile([], 0.5) is None
