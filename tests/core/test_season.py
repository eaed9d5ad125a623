"""Days as a level times a weekday."""

import pytest

from past_days import WEEK, weeks
from poolkeeper.core.season import STEEPEST, factors, season, trimmed


def course(costs, weekday=0):
    known = list(costs)
    return season(known, weekday).course(len(known))


def test_weeks_alike_go_on_as_they_were():
    assert course(weeks(56)).costs(9) == pytest.approx([*WEEK, *WEEK[:2]])


def test_the_first_day_to_come_is_the_weekday_after_the_last():
    assert course(weeks(52)).costs(2) == pytest.approx(WEEK[3:5])


def test_the_first_day_known_may_be_any_weekday():
    assert course(list(weeks(59))[3:], weekday=3).costs(2) == pytest.approx(WEEK[3:5])


def test_what_was_not_known_yet_counts_for_nothing():
    assert season([*weeks(35), *weeks(21, 9)], 0).course(35) == season(list(weeks(35)), 0).course(35)


def test_a_week_of_spikes_moves_no_weekday():
    spiked = [*weeks(28), *weeks(7, 3), *weeks(28)]
    assert course(spiked).factors == pytest.approx(course(weeks(63)).factors, rel=0.02)


def test_a_weekday_counts_for_a_fourth_with_each_week_known():
    assert factors([[2.0]] + [[]] * 6) == pytest.approx([1.25 / (7.25 / 7), *[1 / (7.25 / 7)] * 6])


def test_a_weekday_that_is_closed_is_expected_to_be_closed_and_says_nothing_of_the_level():
    closed = [0 if number % 7 == 6 else 100 for number in range(42)]
    assert course(closed).costs(7) == pytest.approx([100] * 6 + [0])


def test_days_that_mostly_cost_nothing_have_no_weekdays():
    rare = [50 if number % 16 == 0 else 0 for number in range(80)]
    assert course(rare).factors == (1,) * 7


def test_days_that_cost_nothing_are_expected_to_cost_nothing():
    assert course([0] * 30).costs(3) == [0, 0, 0]


def test_growth_goes_on_and_wears_off():
    grown = course(1.01**day * 100 for day in range(60)).costs(200)
    assert grown[0] > 1.01**53 * 100
    assert grown[-1] == pytest.approx(grown[-2], rel=1e-4)


def test_growth_is_not_known_before_six_weeks():
    assert course(range(100, 141)).slope == 0


def test_a_steep_slope_is_a_step():
    assert course([10] * 40 + [1000] * 20).slope == STEEPEST


def test_a_fall_never_ends_below_nothing():
    assert min(course([1000] * 40 + [1] * 20).costs(300)) >= 0


@pytest.mark.parametrize(("values", "mean"), [([], 0), ([4, 8], 6), ([1, 2, 3, 4, 5, 6, 900], 4)])
def test_the_highest_and_the_lowest_seventh_do_not_count(values, mean):
    assert trimmed(values) == mean
