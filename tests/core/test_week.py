from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.core.week import SLOT, SLOTS, Day, alike, begun, kind_of_day, slot
from poolkeeper.core.zones import zone

LONDON, KOLKATA = zone("Europe/London"), zone("Asia/Kolkata")
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def words(number):
    return f"{MONDAY + number * SLOT:%a %H:%M}"


@pytest.mark.parametrize(("hours", "expected"), [(0, 0), (0.499, 0), (0.5, 1), (24, 48), (167.5, 335), (168, 0)])
def test_slots_are_half_hours_from_monday_midnight(hours, expected):
    assert slot(MONDAY + timedelta(hours=hours), zone("UTC")) == expected


def test_a_slot_is_read_on_the_wall_of_the_zone():
    assert slot(MONDAY, KOLKATA) == 11


def test_every_slot_comes_once_in_a_week_without_a_change_of_clocks():
    seen = [slot(MONDAY + timedelta(minutes=30 * number), KOLKATA) for number in range(SLOTS)]
    assert sorted(seen) == list(range(SLOTS))


def test_an_hour_that_the_clock_passes_over_has_no_slots():
    sunday = datetime(2026, 3, 29, tzinfo=UTC)
    seen = {slot(sunday + timedelta(minutes=minutes), LONDON) for minutes in range(0, 23 * 60, 30)}
    assert {words(one) for one in set(range(288, SLOTS)) - seen} == {"Sun 01:00", "Sun 01:30"}


def test_an_hour_that_is_shown_twice_is_the_same_slots_twice():
    sunday = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert slot(sunday, LONDON) == slot(sunday + timedelta(hours=1), LONDON) == 290


def test_a_slot_knows_its_kind_of_day():
    assert [kind_of_day(48 * day) for day in range(7)] == [Day.WEEKDAY] * 5 + [Day.WEEKEND] * 2


def test_slots_alike_are_those_of_the_same_time_on_the_same_kind_of_day():
    assert [words(one) for one in alike(17)] == ["Tue 08:30", "Wed 08:30", "Thu 08:30", "Fri 08:30"]
    assert [words(one) for one in alike(5 * 48)] == ["Sun 00:00"]


def test_a_slot_begins_on_the_half_hour_of_its_wall():
    assert begun(MONDAY + timedelta(minutes=44, seconds=3), KOLKATA) == MONDAY + timedelta(minutes=30)
    assert begun(MONDAY + timedelta(minutes=44), zone("Asia/Kathmandu")) == MONDAY + timedelta(minutes=15)
