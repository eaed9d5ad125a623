"""Points as even series: steps, holes, counters told from gauges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.simulate.series import Series, SeriesError, from_points
from traffic import MONDAY, Recipe, counted, history, office

MINUTE = timedelta(minutes=1)


def points(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(MONDAY + number * MINUTE, value) for number, value in enumerate(values)]


def test_the_commonest_distance_is_the_step():
    found = from_points([(MONDAY + number * MINUTE, 1.0 + number % 2) for number in (0, 1, 2, 5, 6)])
    assert found.step == MINUTE


def test_what_is_missing_is_a_hole():
    found = from_points([(MONDAY + number * MINUTE, 4.0) for number in (0, 1, 3)])
    assert found.values == (4, 4, None, 4)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_hole(value):
    assert from_points(points(4, value, 3)).values == (4, None, 3)


def test_points_may_come_in_any_order():
    assert from_points(reversed(points(4, 5, 3))).values == (4, 5, 3)


def test_one_point_is_no_history():
    with pytest.raises(SeriesError, match="1 points are no history"):
        from_points(points(4))


def test_a_counter_becomes_its_rate():
    found = from_points(points(*(60 * number for number in range(30))))
    assert found.values == (1.0,) * 29


def test_a_reset_counts_from_zero():
    falls = [60.0 * number for number in range(60)] + [30.0 + 60 * number for number in range(60)]
    assert from_points(points(*falls)).values[58:62] == (1, 0.5, 1, 1)


def test_a_counter_says_what_was_made_of_it():
    falls = [60.0 * number for number in range(60)] + [30.0 + 60 * number for number in range(60)]
    assert from_points(points(*falls)).notes == (
        "the numbers only grow, so they were read as a counter and its rate a second was taken; 1 resets",
    )


def test_beside_a_hole_a_counter_tells_nothing():
    numbers: list[float | None] = [60.0 * number for number in range(30)]
    numbers[10] = None
    assert from_points(points(*numbers)).values[8:12] == (1, None, None, 1)


def test_a_counter_of_four_weeks_tells_what_its_gauge_told():
    gauge = history(office, Recipe(days=28))
    found = from_points(counted(gauge))
    same = [one == pytest.approx(other) for one, other in zip(found.values, gauge.values, strict=False)]
    assert same.count(False) <= 28 / 5  # the step in which its process starts anew


def test_a_gauge_is_no_counter():
    gauge = history(office, Recipe(days=7))
    assert from_points(gauge.points).values == gauge.values


def test_a_gauge_that_never_changes_is_no_counter():
    assert from_points(points(*[7.0] * 40)).values == (7,) * 40


def test_longer_steps_are_means():
    assert Series(MONDAY, MINUTE, (1, 2, 3, 5)).resampled(2 * MINUTE).values == (1.5, 4)


def test_half_a_bin_is_a_hole():
    assert Series(MONDAY, MINUTE, (1, None, 3, 5)).resampled(2 * MINUTE).values == (None, 4)


def test_a_shorter_step_is_no_resampling():
    series = Series(MONDAY, MINUTE, (1, 2))
    assert series.resampled(timedelta(seconds=90)) is series


def test_a_coarse_series_repeats_its_values():
    found = Series(MONDAY, 90 * MINUTE, (1, 2)).no_coarser_than(60 * MINUTE)
    assert (found.step, found.values) == (45 * MINUTE, (1, 1, 2, 2))


def test_a_series_ends_where_its_last_value_does():
    assert Series(MONDAY, MINUTE, (1, 2)).end == datetime(2026, 10, 5, 0, 2, tzinfo=UTC)


def test_notes_survive_resampling():
    assert replace(Series(MONDAY, MINUTE, (1, 2)), notes=("said",)).resampled(2 * MINUTE).notes == ("said",)


def test_holes_at_both_ends_are_no_part_of_a_history():
    found = Series(MONDAY, MINUTE, (None, None, None, 1, None, 2, None, None, None)).trimmed(2 * MINUTE)
    assert (found.start, found.values) == (MONDAY + 2 * MINUTE, (None, 1, None, 2))


def test_a_history_of_holes_is_as_it_was():
    assert Series(MONDAY, MINUTE, (None, None)).trimmed(MINUTE).values == (None, None)


def test_a_load_by_the_hour_is_trimmed_too():
    hourly = Series(MONDAY, timedelta(hours=1), (None, 1.0, 2.0, None))
    assert hourly.trimmed(timedelta(minutes=10)) == Series(MONDAY + timedelta(hours=1), timedelta(hours=1), (1.0, 2.0))
