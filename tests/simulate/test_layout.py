"""A week's need as few windows that people can read."""

import pytest

from poolkeeper.core.model import PoolSpec, Schedule
from poolkeeper.core.schedule import bounds
from poolkeeper.core.week import PER_DAY
from poolkeeper.simulate.layout import Layout, Run, layouts, proposed, said
from poolkeeper.simulate.plan import window
from traffic import MONDAY

WEEKDAYS, WEEKEND = (0, 1, 2, 3, 4), (5, 6)


def week(*busy: tuple[tuple[int, ...], int, int, float], rest: float = 1.0) -> list[float]:
    """Return a need with busy half hours: days, from, to, replicas."""
    need = [rest] * 7 * PER_DAY
    for days, begin, end, replicas in busy:
        for day in days:
            for time in range(begin, end):
                need[(day * PER_DAY + time) % len(need)] = replicas
    return need


def windows(*busy: tuple[tuple[int, ...], int, int, float]) -> list[tuple[str, str, str, int]]:
    """Return the windows of the best layout."""
    found = proposed(layouts(week(*busy), 1, 8)[-1])
    return [(one.days, one.begin, one.end, one.min_replicas) for one in found]


def test_office_hours():
    assert windows((WEEKDAYS, 16, 36, 7)) == [("Mon-Fri", "08:00", "18:00", 7)]


def test_half_hours_every_day():
    assert windows(((0, 1, 2, 3, 4, 5, 6), 19, 41, 4)) == [("Mon-Sun", "09:30", "20:30", 4)]


def test_over_midnight():
    assert windows(((0, 1, 2, 3, 4, 5, 6), 40, 52, 5)) == [("Mon-Sun", "20:00", "02:00", 5)]


def test_whole_days():
    assert windows((WEEKEND, 0, 48, 6)) == [("Sat-Sun", "00:00", "24:00", 6)]


def test_two_kinds_of_day():
    assert windows((WEEKDAYS, 16, 36, 7), (WEEKEND, 20, 30, 4)) == [
        ("Mon-Fri", "08:00", "18:00", 7),
        ("Sat-Sun", "10:00", "15:00", 4),
    ]


def test_a_week_that_begins_on_sunday():
    assert windows(((6, 0, 1, 2, 3), 16, 36, 7)) == [("Sun-Thu", "08:00", "18:00", 7)]


def test_one_day_of_its_own():
    assert windows(((2,), 4, 16, 8)) == [("Wed", "02:00", "08:00", 8)]


def test_a_dip_that_saves_little_is_bridged():
    assert windows((WEEKDAYS, 16, 36, 7), (WEEKDAYS, 25, 26, 5.5)) == [("Mon-Fri", "08:00", "18:00", 7)]


def test_a_steady_need_has_no_windows():
    assert not layouts(week(rest=3.2), 1, 8)


def test_what_differs_by_little_earns_no_window():
    assert not layouts(week((WEEKDAYS, 16, 36, 3.05), rest=3), 1, 8)


def test_what_was_never_measured_is_of_no_account():
    need = week((WEEKDAYS, 16, 36, 7))
    assert proposed(layouts([*need[:100], *[None] * 10, *need[110:]], 1, 8)[-1])[0].begin == "08:00"


def test_nothing_measured_has_no_windows():
    assert not layouts([None] * 7 * PER_DAY, 1, 8)


def test_never_more_than_three_windows():
    busy = [(WEEKDAYS, begin, begin + 6, 7.0) for begin in (2, 14, 26, 38)]
    assert max(len(one.runs) for one in layouts(week(*busy), 1, 8)) <= 3


def test_windows_of_one_name_are_numbered():
    found = proposed(Layout(1, (Run(WEEKEND, 0, 4, 3), Run(WEEKEND, 20, 30, 5)), 0))
    assert [one.name for one in found] == ["weekend-1", "weekend-2"]


def test_a_run_that_begins_after_midnight_names_the_day_it_begins_on():
    found = proposed(Layout(1, (Run(WEEKDAYS, PER_DAY + 2, PER_DAY + 6, 3),), 0))
    assert (found[0].name, found[0].days, found[0].begin) == ("tue-sat", "Tue-Sat", "01:00")


@pytest.mark.parametrize(
    ("days", "words"),
    [((0, 1, 2, 3, 4, 5, 6), "Mon-Sun"), ((0, 4, 5, 6), "Fri-Mon"), ((0, 2), "Mon,Wed"), ((5, 6), "Sat-Sun")],
)
def test_days_as_people_say_them(days, words):
    assert said(days) == words


@pytest.mark.parametrize(("hour", "floor"), [(19, 1), (20, 5), (23, 5), (25, 5), (26, 1)])
def test_a_window_over_midnight_is_in_force_when_it_says(hour, floor):
    found = proposed(Layout(1, (Run((0,), 40, 52, 5),), 0))[0]
    spec = PoolSpec(1, 8, schedule=Schedule((window(found),)))
    assert bounds(spec, MONDAY + hour * (MONDAY.replace(hour=1) - MONDAY), MONDAY - MONDAY).floor == floor
