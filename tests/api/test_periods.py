"""Which weeks and months are over."""

from datetime import date

import pytest

from poolkeeper.api.periods import month_before, week_before


@pytest.mark.parametrize(
    ("on", "first"),
    [
        (date(2026, 11, 22), date(2026, 11, 9)),
        (date(2026, 11, 23), date(2026, 11, 16)),
        (date(2026, 1, 1), date(2025, 12, 22)),
    ],
)
def test_a_week_is_over_with_its_sunday(on, first):
    assert week_before(on).first == first


def test_a_week_is_named_as_calendars_do():
    assert week_before(date(2027, 1, 5)).name == "week 53 of 2026"


@pytest.mark.parametrize(
    ("on", "last"), [(date(2026, 3, 31), date(2026, 2, 28)), (date(2026, 4, 1), date(2026, 3, 31))]
)
def test_a_month_is_over_with_its_last_day(on, last):
    assert month_before(on).last == last


def test_a_period_has_its_first_and_its_last_day():
    week = week_before(date(2026, 11, 23))
    assert (week.days, week.holds(week.first), week.holds(week.last), week.holds(date(2026, 11, 23))) == (
        7,
        True,
        True,
        False,
    )
