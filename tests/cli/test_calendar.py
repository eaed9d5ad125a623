"""The calendar: what each hour of the wall holds, and how it is drawn."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from builders import published
from poolkeeper.api.calendar import Calendar, Day, Hour, Mark, calendar, coming, outlook, steps
from poolkeeper.cli.calendar import draw
from poolkeeper.core.model import Limits, Schedule, Window
from poolkeeper.core.schedule import Edge, Transition, bounds

NO_LEAD = timedelta(0)
OFFICE = Window("office", "0 8 * * Mon-Fri", "0 18 * * Mon-Fri", Limits(4))
OUTSIDE = Limits(1, 1)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPRING = datetime(2026, 3, 8, 12, tzinfo=UTC)
AUTUMN = datetime(2026, 11, 1, 12, tzinfo=UTC)
NEW_YORK = "America/New_York"


def pool(*windows, place="UTC", lead=NO_LEAD, outside=OUTSIDE):
    """Return a pool of 2 to 8 with these windows."""
    return published(schedule=Schedule(windows, place, lead, outside))


def made(*windows, now=MONDAY, days=1, **changes):
    """Return the calendar of such a pool."""
    return calendar(pool(*windows, **changes), now, days, NO_LEAD)


def hours(*windows, **changes):
    """Return the hours of the calendar's first day."""
    return made(*windows, **changes).days[0].hours


def test_a_window_is_the_floor_of_its_hours():
    floors = [hour.floor for hour in hours(OFFICE)]
    assert floors == [1] * 8 + [4] * 10 + [1] * 6


def test_a_weekend_stays_outside_of_a_weekdays_window():
    assert {hour.floor for hour in hours(OFFICE, now=SPRING)} == {1}


def test_the_cap_is_written_where_it_is_under_the_pools_own():
    assert [hours(OFFICE)[hour].label for hour in (7, 8)] == ["1-1", "4"]


def test_of_an_hour_that_changes_the_largest_floor_is_told_and_marked():
    odd = Window("odd", "0 8 * * *", "30 17 * * *", Limits(4))
    assert hours(odd)[17] == Hour(4, "4", Mark.PART)


def test_a_larger_floor_is_told_even_where_its_cap_is_smaller():
    tight = Window("tight", "30 8 * * *", "0 9 * * *", Limits(3, 4))
    assert hours(tight, outside=Limits())[8] == Hour(3, "3-4", Mark.PART)


@pytest.mark.parametrize(("place", "hour"), [("UTC", 12), (NEW_YORK, 7)])
def test_the_hour_of_now_is_the_one_on_the_wall(place, hour):
    assert made(OFFICE, place=place).hour == hour


def test_in_the_hour_of_now_pre_warming_is_marked_all_the_same():
    assert hours(OFFICE, now=MONDAY.replace(hour=7), lead=timedelta(minutes=10))[7].mark is Mark.LEAD


def test_pre_warming_is_marked_and_counts_already():
    assert hours(OFFICE, lead=timedelta(minutes=10))[7] == Hour(4, "4-4", Mark.LEAD)


def test_a_lead_time_that_is_not_given_is_the_measured_one():
    found = calendar(pool(OFFICE, lead=None), MONDAY, 1, timedelta(hours=2))
    assert [hour.mark for hour in found.days[0].hours[5:9]] == [None, Mark.LEAD, Mark.LEAD, None]


def test_pre_warming_for_tomorrow_shows_today():
    early = Window("early", "0 0 * * Tue", "0 6 * * Tue", Limits(4))
    assert hours(early, lead=timedelta(minutes=10))[23].mark is Mark.LEAD


def test_a_day_is_a_day_of_the_pools_zone():
    found = made(OFFICE, place=NEW_YORK, now=datetime(2026, 3, 2, 3, tzinfo=UTC))
    assert found.days[0].date == date(2026, 3, 1)


def test_hours_are_read_on_the_wall_of_the_pools_zone():
    assert hours(OFFICE, place=NEW_YORK)[8].floor == 4


def test_an_hour_that_the_clock_skips_is_none():
    assert hours(OFFICE, place=NEW_YORK, now=SPRING)[2] == Hour(None, "-", Mark.SHORT)


def test_an_hour_that_the_clock_shows_twice_is_marked():
    assert [hour.mark for hour in hours(OFFICE, place=NEW_YORK, now=AUTUMN)[:3]] == [None, Mark.TWICE, None]


def test_a_window_of_the_first_showing_is_seen_in_the_doubled_hour():
    brief = Window("brief", "30 1 * * *", "45 1 * * *", Limits(5))
    assert hours(brief, place=NEW_YORK, now=AUTUMN)[1].floor == 5


def test_a_window_that_a_gap_swallows_is_not_shown():
    lost = Window("lost", "0 2 * * *", "0 3 * * *", Limits(5))
    assert {hour.floor for hour in hours(lost, place=NEW_YORK, now=SPRING)} == {1, None}


@pytest.mark.parametrize(
    ("start", "end", "names"),
    [
        ("0 2 * * *", "0 3 * * *", ("w",)),
        ("15 2 * * *", "45 2 * * *", ("w",)),
        ("30 2 * * *", "30 3 * * *", ()),
        ("0 3 * * *", "0 4 * * *", ()),
        ("0 2 24 11 *", "0 3 24 11 *", ()),
    ],
)
def test_a_window_that_a_gap_swallows_is_named(start, end, names):
    (shift,) = made(Window("w", start, end, Limits(5)), place=NEW_YORK, now=SPRING).shifts
    assert shift.lost == names


def test_in_autumn_no_window_is_lost():
    (shift,) = made(Window("w", "0 1 * * *", "30 1 * * *", Limits(5)), place=NEW_YORK, now=AUTUMN).shifts
    assert shift.lost == ()


def test_a_lost_window_is_told_with_the_clock_change():
    found = made(Window("brief", "0 2 * * *", "0 3 * * *", Limits(5)), place=NEW_YORK, now=SPRING)
    assert "clocks go forward at 02:00, to 03:00; empty on that day: brief" in "\n".join(drawn(found))


@pytest.mark.parametrize(
    ("now", "number", "mark"),
    [(datetime(2026, 10, 4, tzinfo=UTC), 2, Mark.SHORT), (datetime(2026, 4, 5, tzinfo=UTC), 1, Mark.TWICE)],
)
def test_half_an_hour_of_lord_howe_is_marked_too(now, number, mark):
    marks = {index: hour.mark for index, hour in enumerate(hours(OFFICE, place="Australia/Lord_Howe", now=now))}
    assert marks[number] is mark


def test_a_day_that_never_was_has_no_hours():
    skipped = made(OFFICE, place="Pacific/Apia", now=datetime(2011, 12, 29, 20, tzinfo=UTC), days=3).days[1]
    assert (skipped.date, {hour.floor for hour in skipped.hours}) == (date(2011, 12, 30), {None})


def test_days_whose_clock_is_set_are_starred():
    found = made(OFFICE, place=NEW_YORK, now=datetime(2026, 3, 6, 12, tzinfo=UTC), days=4)
    assert [day.shifted for day in found.days] == [False, False, True, False]


def test_a_clock_that_is_set_at_midnight_stars_the_day_whose_hour_comes_again():
    """Sao Paulo, 2018: on 18 February at 00:00 back to 23:00 of the 17th."""
    found = made(OFFICE, place="America/Sao_Paulo", now=datetime(2018, 2, 17, 12, tzinfo=UTC), days=2)
    assert ([day.shifted for day in found.days], found.days[0].hours[23].mark) == ([True, False], Mark.TWICE)


def test_a_day_that_the_clock_comes_back_to_has_what_began_after_it():
    """St. John's, 2010: on 7 November at 00:01 back to 23:01 of the 6th, where the window of the 7th is in force."""
    sunday = Window("sunday", "0 0 * * Sun", "0 6 * * Sun", Limits(4))
    found = made(sunday, place="America/St_Johns", now=datetime(2010, 11, 6, 12, tzinfo=UTC))
    assert found.days[0].hours[23] == Hour(4, "4", Mark.TWICE)


def test_a_clock_change_outside_of_the_days_is_not_told():
    assert made(OFFICE, place=NEW_YORK, now=datetime(2026, 3, 9, 12, tzinfo=UTC)).shifts == ()


def test_of_overlapping_windows_the_priority_counts():
    lunch = Window("lunch", "0 12 * * *", "0 13 * * *", Limits(3), priority=1)
    assert [hour.floor for hour in hours(OFFICE, lunch)[11:14]] == [4, 3, 4]


def test_without_a_schedule_every_hour_is_the_pools_own():
    found = calendar(published(), MONDAY, 1, NO_LEAD).days[0].hours
    assert {(hour.floor, hour.label) for hour in found} == {(2, "2")}


def test_the_bounds_change_at_transitions_and_where_their_lead_time_begins():
    found = steps(pool(OFFICE, lead=timedelta(minutes=10)), (MONDAY, MONDAY + timedelta(days=1)), NO_LEAD)
    assert [f"{step.at:%H:%M} {step.bounds.floor}" for step in found] == [
        "12:00 4",
        "17:50 4",
        "18:00 1",
        "07:50 4",
        "08:00 4",
    ]


def test_a_lead_time_that_runs_on_after_the_span_is_seen():
    morning = MONDAY.replace(day=3, hour=7)
    found = steps(pool(OFFICE, lead=timedelta(minutes=10)), (morning, morning.replace(minute=55)), NO_LEAD)
    assert [f"{step.at:%H:%M} {step.bounds.floor}" for step in found] == ["07:00 1", "07:50 4"]


def test_the_transitions_of_a_span_are_told():
    found = coming(pool(OFFICE), MONDAY, timedelta(hours=20))
    assert [(one.edge, one.at.hour) for one in found] == [(Edge.END, 18), (Edge.START, 8)]


def test_where_none_is_in_the_span_the_first_is_told():
    assert [one.at.hour for one in coming(pool(OFFICE), MONDAY, timedelta(hours=1))] == [18]


def test_without_a_schedule_nothing_is_coming():
    assert coming(published(), MONDAY, timedelta(days=14)) == []


def test_the_outlook_is_json():
    spec = pool(OFFICE, lead=timedelta(minutes=10))
    morning = MONDAY.replace(hour=7, minute=55)
    start = Transition(morning.replace(hour=8, minute=0), "office", Edge.START)
    assert outlook(bounds(spec, morning, NO_LEAD), [start]) == {
        "in_force": None,
        "min": 4,
        "max": 4,
        "lead": "office",
        "next": [{"at": "2026-03-02T08:00:00Z", "window": "office", "edge": "start"}],
    }


def drawn(found, width=80, **changes):
    """Return the lines of a calendar as they are without colour, or with."""
    console = Console(
        file=StringIO(), width=width, record=True, soft_wrap=True, force_terminal=True, color_system="256"
    )
    for line in draw(found, width, colour=changes.get("colour", False)):
        console.print(line, soft_wrap=True)
    return console.export_text(styles=changes.get("styles", False)).splitlines()


def line(found, number, **changes):
    """Return the line of an hour."""
    return next(one for one in drawn(found, **changes) if one.startswith(f"{number:02}:00"))


def test_two_weeks_stand_side_by_side_in_eighty_columns():
    lines = drawn(made(OFFICE, days=14))
    assert (lines[2].split(), max(map(len, lines[:27])) <= 80) == ([str(day) for day in range(2, 16)], True)


def test_more_days_stand_below():
    days = [one.split() for one in drawn(made(OFFICE, days=16)) if one.strip()[:1].isdigit() and ":" not in one]
    assert [len(one) for one in days] == [14, 2]


def test_a_new_month_is_named():
    assert drawn(made(OFFICE, days=14, now=datetime(2026, 3, 25, tzinfo=UTC)))[0].split() == ["Mar", "Apr"]


def test_wide_numbers_make_weeks():
    wide = replace(pool(Window("w", "0 8 * * *", "0 9 * * *", Limits(100, 120))), max_replicas=200)
    assert len(drawn(calendar(wide, MONDAY, 14, NO_LEAD))[2].split()) == 7


def test_a_narrow_terminal_shows_what_there_is_room_for():
    assert len(drawn(made(OFFICE, days=14), width=25)[2].split()) == 3


@pytest.mark.parametrize(
    ("floor", "shade"), [(0, "   0"), (1, "░░░1"), (3, "▒▒▒3"), (4, "▒▒▒4"), (6, "▓▓▓6"), (8, "███8")]
)
def test_without_colour_the_shade_is_a_block(floor, shade):
    shown = (Hour(floor, str(floor)), *[Hour(8, "8")] * 23)
    found = Calendar((Day(MONDAY.date(), shifted=False, hours=shown),), (), 8, 1)
    assert line(found, 0) == f"00:00 {shade}"


def test_now_stands_beside_the_name_of_its_hour_in_the_first_days_alone():
    marked = [one for one in drawn(made(OFFICE, days=16)) if one[5:6] == "<"]
    assert ([one[:11] for one in marked], len(marked)) == (["12:00<███4 "], 1)


def test_a_mark_stands_behind_its_hour():
    assert line(made(OFFICE, lead=timedelta(minutes=10)), 7) == "07:00 █4-4^"


def test_an_hour_that_the_clock_skips_has_no_shade():
    assert line(made(OFFICE, place=NEW_YORK, now=SPRING), 2) == "02:00    -"


def test_with_colour_the_numbers_are_the_same():
    assert line(made(OFFICE), 12, colour=True) == "12:00<   4"


def test_with_colour_the_shade_is_a_background():
    assert ("48;5;24m" in line_of_codes(7), "48;5;228m" in line_of_codes(12)) == (True, True)


def line_of_codes(number):
    """Return the line of an hour with its colours."""
    return next(one for one in drawn(made(OFFICE), colour=True, styles=True) if f"{number:02}:00" in one)


def test_the_legend_tells_the_marks_that_are_there():
    marks = [one[0] for one in drawn(made(OFFICE))[29:] if one[:1] in "<+-^~*"]
    assert marks == ["<"]


def test_the_legend_lists_every_floor_once():
    assert "replicas  ░1-1  ███4" in drawn(made(OFFICE, days=14))


@pytest.mark.parametrize(
    ("place", "now", "words"),
    [
        (NEW_YORK, SPRING, "*         Sun 8 Mar: clocks go forward at 02:00, to 03:00"),
        (NEW_YORK, AUTUMN, "*         Sun 1 Nov: clocks go back at 02:00, to 01:00"),
        (
            "Australia/Lord_Howe",
            datetime(2026, 10, 4, tzinfo=UTC),
            "*         Sun 4 Oct: clocks go forward at 02:00, to 02:30",
        ),
        (
            "America/Sao_Paulo",
            datetime(2018, 2, 17, 12, tzinfo=UTC),
            "*         Sun 18 Feb: clocks go back at 00:00, to 23:00 of Sat 17 Feb",
        ),
    ],
)
def test_a_clock_change_is_told_in_words(place, now, words):
    assert words in drawn(made(OFFICE, place=place, now=now))
