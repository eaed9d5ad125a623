"""R5 on a fake clock: which window is in force, what it makes of the bounds, and when that changes."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from poolkeeper.core.cron import following, last
from poolkeeper.core.levels import is_on, levels
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window
from poolkeeper.core.schedule import Bounds, Edge, Transition, ahead, bounds, transitions, turns

HOUR = timedelta(hours=1)
WEEKDAYS = ("0 8 * * 1-5", "0 18 * * 1-5")
NEW_YORK, PRAGUE, UTC_ZONE = "America/New_York", "Europe/Prague", "UTC"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, place: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place), fold=fold)


def window(start: str, end: str, *limits: int | None, name: str = "window", priority: int = 0) -> Window:
    return Window(name, start, end, Limits(*limits), priority)


def scheduled(*windows: Window, place: str = UTC_ZONE, lead_time: timedelta = timedelta(0), **changes) -> PoolSpec:
    """Return a pool of 2 to 8 with these windows."""
    return PoolSpec(2, 8, schedule=Schedule(windows, place, lead_time, **changes))


def found(spec: PoolSpec, now: str, measured: timedelta = timedelta(0)) -> Bounds:
    return bounds(spec, utc(now), measured)


def turnings(start: str, end: str, place: str, since: str, count: int) -> list[tuple[str, str]]:
    """Return a window's next transitions as the clocks of its zone show them."""
    coming = transitions(Schedule((window(start, end),), place), local(since, place))
    return [
        (one.at.astimezone(ZoneInfo(place)).strftime("%m-%d %H:%M"), str(one.edge)) for one in islice(coming, count)
    ]


def forget() -> None:
    """Remember as little of earlier searches as after a restart."""
    for searched in (last, following, levels, turns):
        searched.cache_clear()


# The four that KEDA gets wrong (DESIGN.md section 7)


def test_a_window_that_opens_in_the_gap_opens_after_it_and_is_no_28_hours_long():
    seen = turnings("30 2 * * *", "0 8 * * *", NEW_YORK, "2026-03-07T20:00", 4)
    assert seen == [("03-08 03:00", "start"), ("03-08 08:00", "end"), ("03-09 02:30", "start"), ("03-09 08:00", "end")]


def test_a_window_that_ends_in_the_gap_opens_the_evening_before():
    seen = turnings("0 22 * * *", "30 2 * * *", NEW_YORK, "2026-03-07T20:00", 4)
    assert seen == [("03-07 22:00", "start"), ("03-08 03:00", "end"), ("03-08 22:00", "start"), ("03-09 02:30", "end")]


def test_a_window_in_the_hour_that_comes_twice_opens_once():
    seen = turnings("30 1 * * *", "45 1 * * *", NEW_YORK, "2026-11-01T00:00", 3)
    assert seen == [("11-01 01:30", "start"), ("11-01 01:45", "end"), ("11-02 01:30", "start")]
    assert not is_on(window("30 1 * * *", "45 1 * * *"), NEW_YORK, local("2026-11-01T01:35", NEW_YORK, fold=1))


def test_a_window_from_friday_night_ends_with_the_first_end_of_any_day():
    seen = turnings("0 22 * * 5", "10 22 * * *", PRAGUE, "2026-03-06T12:00", 3)
    assert seen == [("03-06 22:00", "start"), ("03-06 22:10", "end"), ("03-13 22:00", "start")]


# Clocks that are set


@pytest.mark.parametrize(
    ("start", "end", "place", "day"),
    [
        ("0 2 * * *", "0 3 * * *", NEW_YORK, "2026-03-08"),
        ("15 2 * * *", "45 2 * * *", NEW_YORK, "2026-03-08"),
        ("0 2 * * *", "30 2 * * *", "Australia/Lord_Howe", "2026-10-04"),
        ("0 9 30 12 *", "0 18 30 12 *", "Pacific/Apia", "2011-12-30"),
        ("45 2 * * *", "45 3 * * *", "Pacific/Chatham", "2026-09-27"),
        ("0 1 * * *", "0 3 * * *", "Antarctica/Troll", "2026-03-29"),
    ],
)
def test_a_window_that_the_clock_skips_is_empty(start, end, place, day):
    midnight = local(day, place)
    on = [is_on(window(start, end), place, midnight + timedelta(minutes=minutes)) for minutes in range(0, 1440, 5)]
    assert not any(on)


@pytest.mark.parametrize(
    ("start", "end", "place", "since", "hours"),
    [
        ("0 0 * * *", "0 4 * * *", NEW_YORK, "2026-03-08T00:00", 3),
        ("0 0 * * *", "0 4 * * *", NEW_YORK, "2026-11-01T00:00", 5),
        ("0 0 * * *", "0 4 * * *", "Australia/Lord_Howe", "2026-10-04T00:00", 3.5),
        ("0 0 * * *", "0 4 * * *", "Australia/Lord_Howe", "2026-04-05T00:00", 4.5),
        ("30 1 * * *", "30 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00", 0.5),
        ("45 1 * * *", "0 2 * * *", "Australia/Lord_Howe", "2026-04-05T00:00", 0.75),
        ("0 20 * * *", "0 4 * * *", "Pacific/Apia", "2011-12-29T12:00", 8),
        ("0 20 29 * *", "0 4 30 * *", "Pacific/Apia", "2011-12-29T12:00", 4),
        ("0 2 * * *", "0 4 * * *", "Pacific/Chatham", "2026-09-27T00:00", 1),
        ("0 2 * * *", "0 4 * * *", "Pacific/Chatham", "2026-04-05T00:00", 3),
        ("0 22 * * *", "0 6 * * *", "America/Sao_Paulo", "2018-11-03T12:00", 7),
        ("0 0 * * *", "0 6 * * *", "America/Sao_Paulo", "2018-11-03T12:00", 5),
        ("0 0 * * *", "0 6 * * *", "Asia/Kathmandu", "2026-03-08T00:00", 6),
    ],
)
def test_a_window_is_as_long_as_the_clock_makes_it(start, end, place, since, hours):
    coming = transitions(Schedule((window(start, end),), place), local(since, place) - timedelta(seconds=1))
    opens, closes = islice(coming, 2)
    assert (opens.edge, closes.at - opens.at) == (Edge.START, hours * HOUR)


def test_a_day_that_never_was_leaves_no_window_of_its_weekday():
    seen = turnings("0 9 * * 5", "0 18 * * 5", "Pacific/Apia", "2011-12-24T00:00", 2)
    assert seen == [("01-06 09:00", "start"), ("01-06 18:00", "end")]


# Days and nights


@pytest.mark.parametrize(
    ("now", "on"),
    [
        ("2026-03-02T21:59:59", False),
        ("2026-03-02T22:00", True),
        ("2026-03-03T00:00", True),
        ("2026-03-03T05:59:59", True),
        ("2026-03-03T06:00", False),
    ],
)
def test_a_window_across_midnight_is_in_force_on_both_days(now, on):
    assert is_on(window("0 22 * * *", "0 6 * * *"), UTC_ZONE, utc(now)) is on


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("0 9 L * *", "0 18 L * *", ["01-31", "02-28", "03-31"]),
        ("0 9 * * L5", "0 18 * * L5", ["01-30", "02-27", "03-27"]),
        ("0 9 * * 1#2", "0 18 * * 1#2", ["01-12", "02-09", "03-09"]),
        ("0 9 31 * *", "0 18 31 * *", ["01-31", "03-31", "05-31"]),
        ("0 9 15 * 1", "0 18 15 * 1", ["01-05", "01-12", "01-15"]),
        ("0 9 1 * L5", "0 18 1 * L5", ["01-01", "01-30", "02-01"]),
    ],
)
def test_the_days_of_a_window(start, end, expected):
    seen = turnings(start, end, NEW_YORK, "2026-01-01T00:00", 6)
    assert [at[:5] for at, edge in seen if edge == "start"] == expected


def test_a_window_that_has_not_opened_yet_is_not_in_force_though_its_end_has_fired():
    assert not is_on(window("0 9 29 2 *", "0 18 * * *"), UTC_ZONE, utc("1905-02-28T12:00"))


def test_an_end_on_a_start_leaves_the_window_in_force():
    seen = turnings("0 9,17 * * *", "0 17,20 * * *", UTC_ZONE, "2026-03-02T00:00", 2)
    assert seen == [("03-02 09:00", "start"), ("03-02 20:00", "end")]


def test_a_window_all_of_whose_ends_are_starts_stays_in_force():
    always = Schedule((window("0 0,12 * * *", "0 0 * * *"),), UTC_ZONE)
    assert is_on(always.windows[0], UTC_ZONE, utc("2026-03-02T00:00"))
    assert next(transitions(always, utc("2026-03-02T00:00")), None) is None


@pytest.mark.parametrize(("minute", "on"), [(0, True), (1, False), (2, True), (59, False)])
def test_a_window_may_open_and_close_every_minute(minute, on):
    assert is_on(window("*/2 * * * *", "1-59/2 * * * *"), UTC_ZONE, utc(f"2026-03-02T12:{minute:02}")) is on


def test_the_instant_may_come_from_any_zone():
    night = local("2026-03-03T01:00", "Pacific/Auckland")  # still the day before in UTC
    assert is_on(window("0 12 2 3 *", "30 12 2 3 *"), UTC_ZONE, night)


# Several windows


OFFICE, NIGHT = window("0 6 * * *", "0 22 * * *", 4, 6, name="day"), window("0 22 * * *", "0 6 * * *", 1, 2, name="off")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T05:59:59", ("off", 1, 2)),
        ("2026-03-02T06:00", ("day", 4, 6)),
        ("2026-03-02T21:59:59", ("day", 4, 6)),
        ("2026-03-02T22:00", ("off", 1, 2)),
    ],
)
def test_windows_back_to_back_leave_nothing_between_them(now, expected):
    seen = found(scheduled(OFFICE, NIGHT), now)
    assert (seen.window, seen.floor, seen.cap) == expected


def test_an_end_and_a_start_at_one_time_are_told_in_the_order_of_the_windows():
    coming = transitions(Schedule((OFFICE, NIGHT), UTC_ZONE), utc("2026-03-02T12:00"))
    assert [(one.window, one.edge) for one in islice(coming, 2)] == [("day", Edge.END), ("off", Edge.START)]


THREE = (
    window("0 8 * * *", "0 20 * * *", 3, name="wide"),
    window("0 10 * * *", "0 16 * * *", 1, 2, name="middle", priority=5),
    window("0 12 * * *", "0 13 * * *", 6, name="peak", priority=10),
)


@pytest.mark.parametrize(
    ("hour", "expected"),
    [
        (7, (None, 2, 8)),
        (8, ("wide", 3, 8)),
        (10, ("middle", 1, 2)),
        (12, ("peak", 6, 8)),
        (13, ("middle", 1, 2)),
        (16, ("wide", 3, 8)),
        (20, (None, 2, 8)),
    ],
)
def test_of_three_windows_the_highest_priority_counts(hour, expected):
    seen = found(scheduled(*THREE), f"2026-03-02T{hour:02}:00")
    assert (seen.window, seen.floor, seen.cap) == expected


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([("small", 3, 4), ("large", 5, 5)], "large"),
        ([("large", 5, 5), ("small", 3, 4)], "large"),
        ([("first", 4, 4), ("second", 4, 8)], "first"),
        ([("own", None, 4), ("zero", 0, 4)], "own"),
    ],
)
def test_of_one_priority_the_larger_floor_counts_and_then_the_first(windows, expected):
    spec = scheduled(*(window("0 8 * * *", "0 20 * * *", *limits, name=name) for name, *limits in windows))
    assert found(spec, "2026-03-02T12:00").window == expected


# What a window makes of the bounds


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((4, 6), (4, 6)),
        ((4, None), (4, 8)),
        ((None, 4), (2, 4)),
        ((0, 0), (0, 0)),
        ((None, 1), (1, 1)),
        ((0, None), (0, 8)),
        ((4, 20), (4, 8)),
        ((20, 20), (8, 8)),
    ],
)
def test_a_windows_limits_replace_the_pools_own_and_nothing_exceeds_max_replicas(limits, expected):
    seen = found(scheduled(window("0 8 * * *", "0 20 * * *", *limits)), "2026-03-02T12:00")
    assert (seen.floor, seen.cap) == expected


def test_without_a_schedule_the_bounds_are_the_pools_own():
    assert bounds(PoolSpec(2, 8), utc("2026-03-02T12:00"), HOUR) == Bounds(2, 8)


def test_outside_of_all_windows_its_limits_hold():
    seen = found(scheduled(OFFICE, outside=Limits(1, 1, force=True)), "2026-03-02T05:00")
    assert (seen.window, seen.floor, seen.cap, seen.narrow, seen.force) == (None, 1, 1, True, True)


def test_a_schedule_without_windows_never_changes():
    seen = found(scheduled(outside=Limits(1, 4)), "2026-03-02T05:00")
    assert (seen.floor, seen.cap, seen.next, seen.leads_at) == (1, 4, None, None)


def test_the_next_transition_is_told():
    seen = found(scheduled(OFFICE, NIGHT), "2026-03-02T12:00")
    assert seen.next == Transition(utc("2026-03-02T22:00"), "day", Edge.END)


def test_the_transitions_ahead_end_where_they_should():
    schedule = Schedule((OFFICE,), UTC_ZONE)
    assert len(list(ahead(schedule, utc("2026-03-02T06:00"), utc("2026-03-03T06:00")))) == 2


# The lead time


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T04:59:59", (1, 2, None)),
        ("2026-03-02T05:00", (4, 4, "day")),
        ("2026-03-02T05:59:59", (4, 4, "day")),
        ("2026-03-02T06:00", (4, 6, None)),
        ("2026-03-02T21:30", (4, 6, None)),
    ],
)
def test_the_coming_floor_counts_in_its_lead_time_and_lifts_the_cap_to_it(now, expected):
    seen = found(scheduled(OFFICE, NIGHT, lead_time=HOUR), now)
    assert (seen.floor, seen.cap, seen.lead) == expected


def test_the_end_of_a_cut_is_led_to_as_well():
    seen = found(scheduled(window("0 20 * * *", "0 6 * * *", 0, 0), lead_time=HOUR), "2026-03-02T05:30")
    assert (seen.window, seen.floor, seen.cap, seen.lead) == ("window", 2, 2, None)
    assert seen.leads_to == utc("2026-03-02T06:00")


def test_the_measured_lead_time_is_used_where_none_is_given():
    spec = scheduled(OFFICE, NIGHT, lead_time=None)
    assert [found(spec, "2026-03-02T05:50", minutes * HOUR / 60).floor for minutes in (9, 10)] == [1, 4]


def test_a_given_lead_time_counts_whatever_was_measured():
    assert found(scheduled(OFFICE, NIGHT), "2026-03-02T05:50", HOUR).floor == 1


RISING = (
    window("0 8 * * *", "0 9 * * *", 4, name="early"),
    window("30 8 * * *", "0 9 * * *", 6, name="late", priority=1),
)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02T06:59", (2, None, "2026-03-02T07:00")),
        ("2026-03-02T07:00", (4, "early", "2026-03-02T07:30")),
        ("2026-03-02T07:30", (6, "late", None)),
        ("2026-03-02T08:00", (6, "late", None)),
        ("2026-03-02T08:30", (6, None, None)),
    ],
)
def test_of_lead_times_that_overlap_the_largest_floor_counts(now, expected):
    seen = found(scheduled(*RISING, lead_time=HOUR), now)
    assert (seen.floor, seen.lead, seen.leads_at and seen.leads_at.strftime("%Y-%m-%dT%H:%M")) == expected


def test_a_lead_time_longer_than_the_night_never_lets_go():
    spec = scheduled(OFFICE, NIGHT, lead_time=9 * HOUR)
    assert {found(spec, f"2026-03-02T{hour:02}:30").floor for hour in range(24)} == {4}


def test_a_lead_time_is_time_and_no_wall():
    spec = scheduled(window("30 3 * * *", "0 9 * * *", 4), place=NEW_YORK, lead_time=HOUR)
    assert [bounds(spec, local(at, NEW_YORK), HOUR).floor for at in ("2026-03-08T01:29", "2026-03-08T01:30")] == [2, 4]


# A restart


@pytest.mark.parametrize("hour", [5, 6, 9, 11, 12, 15, 18, 21, 23])
def test_a_restart_finds_what_would_have_been_found_without_it(hour):
    now, spec = utc(f"2026-03-02T{hour:02}:30"), scheduled(*THREE, NIGHT, lead_time=HOUR)
    lived = [bounds(spec, now - minutes * HOUR / 60, HOUR) for minutes in range(300, -1, -10)][-1]
    forget()
    assert bounds(spec, now, HOUR) == lived


def test_a_clock_that_jumped_back_and_forth_finds_the_same():
    spec = scheduled(*THREE, NIGHT, lead_time=HOUR)
    before = found(spec, "2026-03-02T12:30")
    found(spec, "2031-01-01T00:00")
    found(spec, "1999-01-01T00:00")
    assert found(spec, "2026-03-02T12:30") == before


# Far away


@pytest.mark.parametrize("year", [1900, 1969, 2038, 2100, 2400])
def test_windows_hold_in_any_year(year):
    seen = bounds(scheduled(OFFICE, NIGHT, place=NEW_YORK), local(f"{year}-07-01T12:00", NEW_YORK), HOUR)
    assert (seen.window, seen.next.at) == ("day", local(f"{year}-07-01T22:00", NEW_YORK).astimezone(UTC))


def test_thirty_two_windows_are_as_right_as_one():
    many = [window(f"{number} 8 * * *", f"{number} 20 * * *", 1, name=f"w{number}") for number in range(31)]
    seen = found(scheduled(*many, window("0 12 * * *", "0 13 * * *", 7, name="top")), "2026-03-02T12:30")
    assert (seen.window, seen.floor) == ("top", 7)
